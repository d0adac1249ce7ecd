import { applyDecorators } from '@nestjs/common';
import { IsStorableText } from '@lib/http';
import { IsUrl, MaxLength } from 'class-validator';

/** An absolute http or https address of at most 2,048 characters, without credentials. */
export function IsWebAddress(): PropertyDecorator {
  const protocols = ['http', 'https'];
  return applyDecorators(
    IsUrl({ protocols, require_protocol: true, require_tld: false, disallow_auth: true }),
    MaxLength(2048),
    IsStorableText(),
  );
}
