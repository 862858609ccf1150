import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import type { Actor } from '../../audit/domain/audit-event.js';
import { CurrentActor } from '../../audit/http/current-actor.decorator.js';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { ApiProblem, Scopes } from '../../resource-server/index.js';
import { ClientsService, type ExpectedVersions } from '../domain/clients.service.js';
import { quickstart } from '../domain/quickstart.js';
import { ApiClientId, ApiIfMatch, ApiJsonBodyProblems, ETAG_HEADER } from './api-documentation.js';
import {
  toChange,
  toClientDto,
  toClientListDto,
  toCreatedClientDto,
  toNewClient,
  toQuery,
} from './client.presenter.js';
import { ClientDto, ClientListDto, CreatedClientDto } from './dto/client.dto.js';
import { CREATE_CLIENT_EXAMPLES, CreateClientDto } from './dto/create-client.dto.js';
import { ListClientsDto } from './dto/list-clients.dto.js';
import { UPDATE_CLIENT_EXAMPLES, UpdateClientDto } from './dto/update-client.dto.js';
import { entityTag, IfMatch } from './if-match.decorator.js';

/** `/clients/`: translates between the wire and the domain, and decides nothing. */
@ApiTags('Clients')
@Controller('clients')
@Scopes('admin')
export class ClientsController {
  constructor(
    private readonly clients: ClientsService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listClients',
    summary: 'List clients',
    description:
      'Which are no longer used: `unused_since`. Whose secret ends soon: `secret_expires_before`. All filters can be put together.',
  })
  @ApiOkResponse({ description: 'A part of the list.', type: ClientListDto })
  @ApiProblem(400, 'A parameter is out of range, or `cursor` is none that this route gave.')
  async list(@Query() query: ListClientsDto): Promise<ClientListDto> {
    const page = await this.clients.list(toQuery(query), query.limit);
    return toClientListDto(page, query.sort, this.settings.accessTokenTtlSeconds);
  }

  @Post()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'createClient',
    summary: 'Create a client',
    description:
      'The answer has the secret of the client, this once. With a `client_id` of your own the request can be repeated: the second one is refused, and says what to do if the first answer was lost.',
  })
  @ApiBody({ type: CreateClientDto, examples: CREATE_CLIENT_EXAMPLES })
  @ApiCreatedResponse({
    description: 'The client, and its secret.',
    type: CreatedClientDto,
    headers: {
      Location: { description: 'Its path.', schema: { type: 'string' } },
      ...ETAG_HEADER,
    },
  })
  @ApiProblem(409, 'There is a client with this `client_id` already.')
  @ApiJsonBodyProblems()
  async create(
    @Body() body: CreateClientDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedClientDto> {
    const { client, issued } = await this.clients.create(toNewClient(body), actor);
    response.location(`/clients/${encodeURIComponent(client.clientId)}`);
    response.setHeader('ETag', entityTag(client.version));
    return toCreatedClientDto(client, issued, this.settings.accessTokenTtlSeconds);
  }

  @Get(':client_id')
  @ApiOperation({ operationId: 'getClient', summary: 'Get a client' })
  @ApiClientId()
  @ApiOkResponse({ description: 'The client.', type: ClientDto, headers: ETAG_HEADER })
  async get(
    @Param('client_id') clientId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClientDto> {
    const client = await this.clients.get(clientId);
    response.setHeader('ETag', entityTag(client.version));
    return toClientDto(client, this.settings.accessTokenTtlSeconds);
  }

  @Patch(':client_id')
  @ApiOperation({
    operationId: 'updateClient',
    summary: 'Change a client',
    description:
      'What is left out stays; null puts a setting back to its default (RFC 7396). To switch a client off kills its tokens for good.',
  })
  @ApiClientId()
  @ApiIfMatch()
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiBody({ type: UpdateClientDto, examples: UPDATE_CLIENT_EXAMPLES })
  @ApiOkResponse({ description: 'The client as it is now.', type: ClientDto, headers: ETAG_HEADER })
  @ApiProblem(409, 'It would take away the last working admin.')
  @ApiJsonBodyProblems()
  async update(
    @Param('client_id') clientId: string,
    @Body() body: UpdateClientDto,
    @IfMatch() expected: ExpectedVersions,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClientDto> {
    const client = await this.clients.update(clientId, toChange(body), expected, actor);
    response.setHeader('ETag', entityTag(client.version));
    return toClientDto(client, this.settings.accessTokenTtlSeconds);
  }

  @Delete(':client_id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteClient',
    summary: 'Delete a client',
    description: 'Its tokens die with it. To stop it for a while, switch it off instead.',
  })
  @ApiClientId()
  @ApiIfMatch()
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiProblem(409, 'It is the last working admin.')
  delete(
    @Param('client_id') clientId: string,
    @IfMatch() expected: ExpectedVersions,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.clients.delete(clientId, expected, actor);
  }

  @Delete(':client_id/tokens')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'revokeClientTokens',
    summary: 'Kill all tokens of a client',
    description: 'Every token that it was issued until now. It can get new ones at once.',
  })
  @ApiClientId()
  @ApiNoContentResponse({ description: 'They are dead.' })
  revokeTokens(@Param('client_id') clientId: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.clients.revokeTokens(clientId, actor);
  }

  @Get(':client_id/quickstart')
  @Header('Content-Type', 'text/markdown; charset=utf-8')
  @ApiOperation({
    operationId: 'getClientQuickstart',
    summary: 'Get a sheet for the partner',
    description:
      'How to get and use a token as this client, in curl, Python, Node.js and PHP. It has no secret in it: send that another way.',
  })
  @ApiClientId()
  @ApiProduces('text/markdown')
  @ApiOkResponse({ description: 'The sheet, in Markdown.', schema: { type: 'string' } })
  async quickstart(@Param('client_id') clientId: string): Promise<string> {
    return quickstart(await this.clients.get(clientId), this.settings.publicUrl);
  }
}
