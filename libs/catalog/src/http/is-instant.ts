import { applyDecorators } from '@nestjs/common';
import { IsISO8601, Matches } from 'class-validator';

/**
 * An instant with its offset (`2026-03-29T00:00:00Z`, `…+02:00`) or a date, which means the start of that UTC day. Year
 * 1000 to 9999; a date that no calendar has is refused.
 */
export function IsInstant(): PropertyDecorator {
  const message =
    '$property must be a date such as 2026-03-29 or an instant such as 2026-03-29T00:00:00Z; write + as %2B in a URL';
  return applyDecorators(
    IsISO8601({ strict: true, strictSeparator: true }, { message }),
    Matches(
      /^[1-9]\d{3}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?$/,
      { message },
    ),
  );
}
