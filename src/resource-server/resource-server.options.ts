import { ConfigurableModuleBuilder, type Type } from '@nestjs/common';
import type { TokenVerifier } from './token-verifier.js';

/** What a resource server has to be told. */
export interface ResourceServerOptions {
  /** Who judges the tokens. */
  readonly verifier: TokenVerifier;
  /** The identifier of this API: a token whose audience does not name it is refused (RFC 9068 §4). */
  readonly audience: string;
  /** The URL of this API's metadata (RFC 9728 §3), told in every challenge. */
  readonly resourceMetadataUrl?: string;
  /** The protection space of the challenges (RFC 9110 §11.5); `api` by default. */
  readonly realm?: string;
  /** The absolute URL above the pages `/errors/{code}` that a problem's `type` names. */
  readonly errorPagesUrl?: string;
}

/** What has to be known before the module is built. */
export interface ResourceServerExtras {
  /** Controllers that others wrote and that carry no rule: open to everyone. Listed here, by class. */
  readonly publicControllers?: readonly Type[];
}

/** The injection token of the controllers named in {@link ResourceServerExtras}. */
export const PUBLIC_CONTROLLERS = Symbol('postern:public-controllers');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: RESOURCE_SERVER_OPTIONS } =
  new ConfigurableModuleBuilder<ResourceServerOptions>({ moduleName: 'ResourceServer' })
    .setClassMethodName('forRoot')
    .setExtras<ResourceServerExtras>({ publicControllers: [] }, (definition, extras) => ({
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        { provide: PUBLIC_CONTROLLERS, useValue: extras.publicControllers },
      ],
    }))
    .build();
