import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DECORATORS } from '@nestjs/swagger';

const BUILD = join(import.meta.dirname, '../../dist/src');

/**
 * The routes of every controller in the build that is not left out of the document on purpose, as
 * `GET /path/{parameter}`. Read from the decorators, so that it owes nothing to the document.
 */
export async function documentedRoutes(): Promise<string[]> {
  const files = readdirSync(BUILD, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.controller.js'),
  );
  const routes: string[] = [];
  // One after another: Jest's loader mixes up modules that are loaded at the same time.
  for (const file of files) {
    const module = (await import(pathToFileURL(join(BUILD, file)).href)) as object;
    routes.push(...Object.values(module).filter(isController).flatMap(routesOf));
  }
  return routes;
}

interface Controller {
  readonly prototype: Readonly<Record<string, object>>;
}

function isController(value: unknown): value is Controller {
  return (
    typeof value === 'function' &&
    Reflect.hasMetadata(PATH_METADATA, value) &&
    !Reflect.hasMetadata(DECORATORS.API_EXCLUDE_CONTROLLER, value)
  );
}

function routesOf(controller: Controller): string[] {
  const prefix = String(Reflect.getMetadata(PATH_METADATA, controller));
  return Object.getOwnPropertyNames(controller.prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => controller.prototype[name])
    .filter((handler) => handler !== undefined && isDocumented(handler))
    .flatMap((handler) => routesOfHandler(prefix, handler as object));
}

function isDocumented(handler: object): boolean {
  return (
    Reflect.hasMetadata(PATH_METADATA, handler) &&
    !Reflect.hasMetadata(DECORATORS.API_EXCLUDE_ENDPOINT, handler)
  );
}

function routesOfHandler(prefix: string, handler: object): string[] {
  const paths = [Reflect.getMetadata(PATH_METADATA, handler) as string | string[]].flat();
  const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
  return paths.map((path) => {
    const whole = `/${prefix}/${path}`.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
    return `${method} ${whole.replace(/:(\w+)/g, '{$1}')}`;
  });
}
