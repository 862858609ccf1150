import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessRules, Scopes } from '../resource-server/index.js';
import { AccessRuleListDto } from './access-rule.dto.js';
import { toAccessRuleListDto } from './access-rule.presenter.js';

/** `/access-rules/`: who may call what, for the auditor. */
@ApiTags('Audit')
@Controller('access-rules')
export class AccessRulesController {
  constructor(private readonly accessRules: AccessRules) {}

  @Get()
  @Scopes('admin')
  @ApiOperation({
    summary: 'List the access rules',
    operationId: 'listAccessRules',
    description:
      'Every route of the running server, from the decorators that its guard obeys. Beside them only the documentation under `/docs` is served, to everyone.',
  })
  @ApiOkResponse({ description: 'The routes, by path.', type: AccessRuleListDto })
  list(): AccessRuleListDto {
    return toAccessRuleListDto(this.accessRules.list());
  }
}
