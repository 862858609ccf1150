import { Controller, Header, Post, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { SecretsService } from '../../clients/domain/secrets.service.js';
import { toCreatedSecretDto, toRotation } from '../../clients/http/client.presenter.js';
import { CreateSecretDto } from '../../clients/http/dto/create-secret.dto.js';
import { CreatedSecretDto } from '../../clients/http/dto/secret.dto.js';
import { RequestValidationPipe } from '../../http/request-validation.pipe.js';
import type { FormParameters } from '../../protocol/form-parameters.js';
import { ApiProblem } from '../../resource-server/index.js';
import { ClientAuthenticated } from './client-authenticated.decorator.js';
import { RotateOwnSecretDto } from './dto/client-secrets.dto.js';
import { OAuthErrorDto } from './dto/token.dto.js';
import { callerOf, clientOf, findingsOf } from './oauth-request.js';

/**
 * A client's own rotation. It stands here because the client authenticates as at the token
 * endpoint; what it does is the same as at `/clients/{client_id}/secrets`.
 */
@ApiTags('Secrets')
@Controller('o/client/secrets')
export class ClientSecretsController {
  private readonly pipe = new RequestValidationPipe();

  constructor(private readonly secrets: SecretsService) {}

  @Post()
  @ClientAuthenticated()
  @Header('Cache-Control', 'no-store')
  @Header('Pragma', 'no-cache')
  @ApiOperation({
    operationId: 'rotateOwnSecret',
    summary: 'Rotate your own secret',
    description:
      'For a client whose `self_rotation` is true. Authenticate with a working secret, by HTTP Basic or in the body; the answer has the new one, this once.',
  })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: RotateOwnSecretDto })
  @ApiCreatedResponse({ description: 'The secret, itself too.', type: CreatedSecretDto })
  @ApiResponse({ status: 400, description: 'The request is malformed.', type: OAuthErrorDto })
  @ApiResponse({
    status: 401,
    description: 'The client could not be authenticated.',
    type: OAuthErrorDto,
  })
  @ApiProblem(403, 'The client may not rotate its own secret.')
  @ApiResponse({ status: 405, description: 'Another method than POST.', type: OAuthErrorDto })
  @ApiProblem(409, 'Too many secrets would work, or no working admin would remain.')
  @ApiResponse({ status: 413, description: 'The body is over 16 KiB.', type: OAuthErrorDto })
  @ApiProblem(422, 'A parameter is wrong: see `errors`.')
  @ApiResponse({
    status: 429,
    description: 'Too many different wrong secrets: see `Retry-After`.',
    type: OAuthErrorDto,
  })
  @ApiResponse({
    status: 503,
    description: 'Nothing can be stored at the moment: try again after `Retry-After`.',
    type: OAuthErrorDto,
  })
  async rotate(@Req() request: Request): Promise<CreatedSecretDto> {
    const { client, secret } = clientOf(request);
    const { clientId } = client;
    const actor = { name: clientId, ...callerOf(request) };
    const body = await this.bodyOf(findingsOf(request).form);
    const rotation = toRotation(body);
    return toCreatedSecretDto(await this.secrets.rotateOwn(clientId, secret.key, rotation, actor));
  }

  /** The form as the body that an administrator would send, checked in the same way. */
  private async bodyOf(form: FormParameters): Promise<CreateSecretDto> {
    const body = {
      expires_previous_in: numberOf(form.get('expires_previous_in')),
      expires_at: form.get('expires_at'),
      revoke_tokens: truthOf(form.get('revoke_tokens')),
    };
    const checked = await this.pipe.transform(body, { type: 'body', metatype: CreateSecretDto });
    return checked as CreateSecretDto;
  }
}

/** What is no whole number stays a text, which the check refuses. */
function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function truthOf(text: string | undefined): boolean | string | undefined {
  if (text === 'true') return true;
  return text === 'false' ? false : text;
}
