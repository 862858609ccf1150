import type { Scope } from './scope.js';

/** The scopes that exist, in the order in which answers list them. */
export abstract class ScopeCatalogue {
  /** @throws what the store throws when it is out of reach */
  abstract list(): Promise<Scope[]>;
}
