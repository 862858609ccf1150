import { Body, Controller, Delete, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Actor } from '../../audit/domain/audit-event.js';
import { CurrentActor } from '../../audit/http/current-actor.decorator.js';
import { ApiProblem, Scopes } from '../../resource-server/index.js';
import { SecretsService } from '../domain/secrets.service.js';
import { ApiClientId, ApiJsonBodyProblems } from './api-documentation.js';
import { toCreatedSecretDto, toRotation } from './client.presenter.js';
import { CREATE_SECRET_EXAMPLES, CreateSecretDto } from './dto/create-secret.dto.js';
import { DeleteSecretDto } from './dto/delete-secret.dto.js';
import { CreatedSecretDto } from './dto/secret.dto.js';

/** `/clients/{client_id}/secrets`: translates between the wire and the domain. */
@ApiTags('Secrets')
@Controller('clients/:client_id/secrets')
@Scopes('admin')
export class SecretsController {
  constructor(private readonly secrets: SecretsService) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'createClientSecret',
    summary: 'Rotate a secret',
    description:
      'Makes a new secret, which the answer has this once. Give the old ones time with `expires_previous_in`, and watch their `last_used_at` until nobody uses them.',
  })
  @ApiClientId()
  @ApiBody({ type: CreateSecretDto, required: false, examples: CREATE_SECRET_EXAMPLES })
  @ApiCreatedResponse({ description: 'The secret, itself too.', type: CreatedSecretDto })
  @ApiProblem(409, 'Too many secrets would work, or no working admin would remain.')
  @ApiJsonBodyProblems()
  async create(
    @Param('client_id') clientId: string,
    @Body() body: CreateSecretDto,
    @CurrentActor() actor: Actor,
  ): Promise<CreatedSecretDto> {
    return toCreatedSecretDto(await this.secrets.rotate(clientId, toRotation(body), actor));
  }

  @Delete(':secret_id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteClientSecret',
    summary: 'Delete a secret',
    description: 'It stops working at once. The tokens that were got with it live on, unless told.',
  })
  @ApiClientId()
  @ApiParam({ name: 'secret_id', description: 'The id of the secret.' })
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiProblem(400, '`revoke_tokens` is neither true nor false.')
  @ApiProblem(409, 'It is the last working secret, or no working admin would remain.')
  delete(
    @Param('client_id') clientId: string,
    @Param('secret_id') secretId: string,
    @Query() { revoke_tokens: revokeTokens }: DeleteSecretDto,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.secrets.delete(clientId, secretId, revokeTokens, actor);
  }
}
