import { Inject, Injectable, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { accessRuleOf, type AccessRule } from './access-rule.js';
import { PUBLIC_CONTROLLERS, type ResourceServerExtras } from './resource-server.options.js';

/** A handler of a controller at one of its routes, with the rule that guards it. */
export interface GuardedHandler {
  /** `Controller.method`, as the code names it. */
  readonly name: string;
  /** An upper-case HTTP method; `ALL` for every one. */
  readonly method: string;
  /** With a leading slash, as the decorators have it. */
  readonly path: string;
  /** Undefined where nobody said who may call: the start stops then. */
  readonly rule: AccessRule | undefined;
}

/**
 * Who may call what in the running application, from the decorators that the guard itself obeys:
 * for a check at the start, or for an auditor.
 */
@Injectable()
export class AccessRules {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    @Inject(PUBLIC_CONTROLLERS)
    private readonly publicControllers: NonNullable<ResourceServerExtras['publicControllers']>,
  ) {}

  /** @returns every handler of every controller, once for each of its paths */
  list(): GuardedHandler[] {
    const controllers = this.discovery
      .getControllers()
      .map(({ metatype }) => metatype as Type | null)
      .filter((controller) => controller !== null);
    return [...new Set(controllers)].flatMap((controller) => this.handlersOf(controller));
  }

  private handlersOf(controller: Type): GuardedHandler[] {
    const prototype = controller.prototype as Record<string, unknown>;
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const handler = prototype[key] as (...args: never[]) => unknown;
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
      const rule = accessRuleOf(this.reflector, controller, handler) ?? this.ruleOfAll(controller);
      return pathsOf(controller).flatMap((prefix) =>
        pathsOf(handler).map((path) => ({
          name: `${controller.name}.${key}`,
          method: RequestMethod[method],
          path: `/${prefix}/${path}`.replace(/\/+/g, '/'),
          rule,
        })),
      );
    });
  }

  /** A controller that others wrote carries no rule, and is open where it is listed. */
  private ruleOfAll(controller: Type): AccessRule | undefined {
    return this.publicControllers.includes(controller) ? { kind: 'public' } : undefined;
  }
}

/** The paths that a decorator put on a controller or a method; none on a method that is no handler. */
function pathsOf(target: object): string[] {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return paths === undefined ? [] : [paths].flat();
}
