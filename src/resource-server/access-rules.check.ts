import { Inject, Injectable, RequestMethod, type OnModuleInit, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { accessRuleOf, type AccessRule } from './access-rule.js';
import { PUBLIC_CONTROLLERS, type ResourceServerExtras } from './resource-server.options.js';

/** A handler of a controller, with the rule that guards it. */
export interface GuardedHandler {
  /** `Controller.method`, as the code names it. */
  readonly name: string;
  /** An upper-case HTTP method. */
  readonly method: string;
  /** With a leading slash, as the decorators have it. */
  readonly path: string;
  readonly rule: AccessRule | undefined;
}

/** Stops the start-up: a handler that nobody said who may call. */
export class MissingAccessRuleError extends Error {
  override readonly name = 'MissingAccessRuleError';

  constructor(handlers: readonly GuardedHandler[]) {
    super(
      handlers
        .map(
          ({ name, method, path }) =>
            `${name} (${method} ${path}) has no access rule: put @Scopes('…'), @AnyScope('…'), @Authenticated() or @Public() on it.`,
        )
        .join('\n'),
    );
  }
}

/**
 * Looks at every handler of the application when it starts (OWASP API5: an endpoint that nobody
 * thought to guard). A handler with no rule stops the start-up by name.
 */
@Injectable()
export class AccessRulesCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    @Inject(PUBLIC_CONTROLLERS)
    private readonly publicControllers: NonNullable<ResourceServerExtras['publicControllers']>,
  ) {}

  /** @throws MissingAccessRuleError that names every handler without a rule, one a line */
  onModuleInit(): void {
    const missing = this.handlers().filter(({ rule }) => rule === undefined);
    if (missing.length > 0) throw new MissingAccessRuleError(missing);
  }

  private handlers(): GuardedHandler[] {
    return this.discovery
      .getControllers()
      .map(({ metatype }) => metatype as Type | null)
      .filter((controller) => controller !== null)
      .filter((controller) => !this.publicControllers.includes(controller))
      .flatMap((controller) => this.handlersOf(controller));
  }

  private handlersOf(controller: Type): GuardedHandler[] {
    const prototype = controller.prototype as Record<string, unknown>;
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const handler = prototype[key] as (...args: never[]) => unknown;
      const paths = Reflect.getMetadata(PATH_METADATA, handler) as string | string[] | undefined;
      if (paths === undefined) return [];
      const prefix = String(Reflect.getMetadata(PATH_METADATA, controller) ?? '');
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
      return [paths].flat().map((path) => ({
        name: `${controller.name}.${key}`,
        method: RequestMethod[method],
        path: `/${prefix}/${path}`.replace(/\/+/g, '/'),
        rule: accessRuleOf(this.reflector, controller, handler),
      }));
    });
  }
}
