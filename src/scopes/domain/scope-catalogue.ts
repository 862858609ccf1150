/** A scope that clients can be given. */
export interface Scope {
  readonly name: string;
  readonly description: string;
  /** Part of the server itself; such a scope can't be removed. */
  readonly builtIn: boolean;
}

/** The scopes that exist, in the order in which answers list them. */
export abstract class ScopeCatalogue {
  /** @throws what the store throws when it is out of reach */
  abstract list(): Promise<Scope[]>;
}
