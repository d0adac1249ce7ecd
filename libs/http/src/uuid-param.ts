import { Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

/**
 * A parameter of the path that has to be a UUID; anything else is answered with 400. Also writes the format into the
 * OpenAPI document.
 */
export function UuidParam(name: string): ParameterDecorator {
  return (controller, method, index) => {
    Param(name, ParseUUIDPipe)(controller, method, index);
    const handler = method && Object.getOwnPropertyDescriptor(controller, method);
    if (!method || !handler) throw new Error('@UuidParam belongs to a parameter of a route');
    ApiParam({ name, schema: { type: 'string', format: 'uuid' } })(controller, method, handler);
  };
}
