import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { AccessRule } from '../resource-server/index.js';

/** Every kind of rule; the compiler sees to it that none is left out. */
const RULES: Readonly<Record<AccessRule['kind'], true>> = {
  scopes: true,
  any_scope: true,
  authenticated: true,
  public: true,
  client: true,
};

/** A route, and who may call it. */
@ApiSchema({ name: 'AccessRule' })
export class AccessRuleDto {
  /** The HTTP method; `ALL` for every one. */
  @ApiProperty({ example: 'POST' })
  readonly method!: string;

  /** The path, with the slash at its end that may also be left out. */
  @ApiProperty({ example: '/scopes/' })
  readonly path!: string;

  /**
   * Who may call: `scopes`, a token with all of the scopes; `any_scope`, a token with one of them;
   * `authenticated`, any token; `client`, a client with its own credentials; `public`, everyone.
   */
  @ApiProperty({ enum: Object.keys(RULES), example: 'scopes' })
  readonly rule!: AccessRule['kind'];

  /** The scopes that the rule names; empty for one that names none. */
  @ApiProperty({ type: [String], example: ['write'] })
  readonly scopes!: string[];

  /** The controller and the method in the code. */
  @ApiProperty({ example: 'ScopesController.create' })
  readonly handler!: string;
}

/** Every route of the server. */
@ApiSchema({ name: 'AccessRuleList' })
export class AccessRuleListDto {
  /** By path, then by method. */
  @ApiProperty({ type: () => [AccessRuleDto] })
  readonly items!: AccessRuleDto[];
}
