import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import type { NewScope, Scope } from './scope.js';
import type { ScopeDeclaration } from './scope-declaration.js';

/**
 * The port through which the catalogue is changed. All methods throw what the store throws.
 */
export abstract class ScopesRepository {
  abstract find(name: string): Promise<Scope | undefined>;

  /**
   * Runs a task that sees and changes the catalogue alone: no other change of it, nor of any
   * client, happens meanwhile on any node. What a task that throws has done is undone.
   */
  abstract exclusively<Result>(task: (store: ScopesStore) => Promise<Result>): Promise<Result>;
}

/** The catalogue as a task of {@link ScopesRepository.exclusively} has it. */
export interface ScopesStore {
  list(): Promise<Scope[]>;
  find(name: string): Promise<Scope | undefined>;
  /** How many clients have a scope. */
  countClientsWith(name: string): Promise<number>;
  /** Adds a scope at the end. */
  insert(scope: NewScope): Promise<void>;
  describe(name: string, description: string): Promise<void>;
  delete(name: string): Promise<void>;
  /**
   * Adds the declared scopes, or makes them the declaring modules' where they are there already.
   * What a module declared once and no longer does stays, as an administrator's.
   */
  declare(declarations: readonly ScopeDeclaration[]): Promise<void>;
  /** Adds to the audit trail. */
  record(event: NewAuditEvent): Promise<void>;
}
