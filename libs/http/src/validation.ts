import { ValidationPipe, type ValidationError } from '@nestjs/common';

/** Input that breaks its DTO's rules. `faults` names every field and rule; `field` is the first. */
export class InputInvalid extends Error {
  readonly field: string;
  constructor(readonly faults: { field: string; rule: string }[]) {
    super(faults.map((fault) => fault.rule).join('; '));
    this.name = 'InputInvalid';
    this.field = faults[0]?.field ?? '';
  }
}

/** Checks bodies, queries and paths against their DTO; refuses unknown fields; converts types where a DTO says so. */
export function inputValidation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: false,
    exceptionFactory: (errors) => new InputInvalid(errors.flatMap((error) => flatten(error, ''))),
  });
}

function flatten(error: ValidationError, parent: string): { field: string; rule: string }[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  return [
    ...Object.values(error.constraints ?? {}).map((rule) => ({ field, rule })),
    ...(error.children ?? []).flatMap((child) => flatten(child, field)),
  ];
}
