import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { ScopeDeclaration } from './domain/scope-declaration.js';

/** Scopes that a module brings, each with what it lets a client do. */
export type DescribedScopes = Readonly<Record<string, string>>;

/** The injection token under which a {@link ScopesFeature} keeps its scopes. */
export const FEATURE_SCOPES = Symbol('postern:feature-scopes');

/**
 * What `ScopesModule.forFeature` puts into the imports of a module. It holds the scopes and does
 * nothing: a module that declares some can be tested without a database.
 */
export class ScopesFeature {}

/** Finds what the modules of the application declare. */
@Injectable()
export class DeclaredScopes {
  constructor(private readonly modules: ModulesContainer) {}

  /** @returns a declaration for each scope of each module that imports it, in Nest's own order */
  list(): ScopeDeclaration[] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.imports]
        .filter(({ metatype }) => metatype === ScopesFeature)
        .map((feature) => feature.providers.get(FEATURE_SCOPES)?.instance as DescribedScopes)
        .flatMap((scopes) => Object.entries(scopes))
        .map(([name, description]) => ({ name, description, declaredBy: module.metatype.name })),
    );
  }
}
