import type { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import { ACCESS } from './access.js';

/**
 * The routes that do not say who may call them, as `Controller.method`. The guard denies them anyway; a process that has
 * one does not start, so that it is found before a client does.
 */
export function undeclaredRoutes(modules: ModulesContainer): string[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    if (typeof metatype !== 'function') return [];
    return routesOf(metatype.prototype as object)
      .filter(
        (handler) =>
          Reflect.getMetadata(ACCESS, handler) === undefined &&
          Reflect.getMetadata(ACCESS, metatype) === undefined,
      )
      .map((handler) => `${metatype.name}.${handler.name}`);
  });
}

function routesOf(prototype: object): ((...parts: never[]) => unknown)[] {
  const own = Object.getOwnPropertyNames(prototype).map(
    (name) => (prototype as Record<string, unknown>)[name],
  );
  return own.filter(
    (member): member is (...parts: never[]) => unknown =>
      typeof member === 'function' &&
      (Reflect.getMetadata(METHOD_METADATA, member) as RequestMethod | undefined) !== undefined,
  );
}
