import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import type { Actor } from '../../audit/domain/audit-event.js';
import { CurrentActor } from '../../audit/http/current-actor.decorator.js';
import { ApiProblem, Authenticated, Scopes } from '../../resource-server/index.js';
import { ScopesService } from '../domain/scopes.service.js';
import { CREATE_SCOPE_EXAMPLES, CreateScopeDto } from './dto/create-scope.dto.js';
import { ScopeDto, ScopeListDto } from './dto/scope.dto.js';
import { UPDATE_SCOPE_EXAMPLES, UpdateScopeDto } from './dto/update-scope.dto.js';
import { scopePath, toScopeDto } from './scope.presenter.js';

const NAME = {
  name: 'name',
  description: 'The name of the scope, percent-encoded.',
  example: 'invoices:read',
};

/** `/scopes/`: the catalogue, read with any token and changed by administrators. */
@ApiTags('Scopes')
@Controller('scopes')
@Scopes('admin')
export class ScopesController {
  constructor(private readonly scopes: ScopesService) {}

  @Get()
  @Authenticated()
  @ApiOperation({ summary: 'List the scopes', operationId: 'listScopes' })
  @ApiOkResponse({ description: 'All scopes that exist.', type: ScopeListDto })
  async list(): Promise<ScopeListDto> {
    return { items: (await this.scopes.list()).map(toScopeDto) };
  }

  @Post()
  @ApiOperation({ summary: 'Create a scope', operationId: 'createScope' })
  @ApiBody({ type: CreateScopeDto, examples: CREATE_SCOPE_EXAMPLES })
  @ApiCreatedResponse({
    description: 'The scope. Clients can be given it from now on.',
    type: ScopeDto,
    headers: { Location: { description: 'Its path.', schema: { type: 'string' } } },
  })
  @ApiProblem(400, 'The body is not JSON.')
  @ApiProblem(409, 'There is a scope of this name already.')
  @ApiProblem(413, 'The body is longer than 64 KiB.')
  @ApiProblem(415, 'The body is not announced as JSON.')
  @ApiProblem(422, 'A field is wrong, missing or unknown.')
  async create(
    @Body() { scope, description }: CreateScopeDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ScopeDto> {
    const created = await this.scopes.create({ name: scope, description }, actor);
    response.location(scopePath(created.name));
    return toScopeDto(created);
  }

  @Get(':name')
  @Authenticated()
  @ApiOperation({ summary: 'Get a scope', operationId: 'getScope' })
  @ApiParam(NAME)
  @ApiOkResponse({ description: 'The scope.', type: ScopeDto })
  @ApiProblem(404, 'There is no scope of this name.')
  async get(@Param('name') name: string): Promise<ScopeDto> {
    return toScopeDto(await this.scopes.get(name));
  }

  @Patch(':name')
  @ApiOperation({
    summary: 'Describe a scope anew',
    operationId: 'updateScope',
    description: 'The description alone can be changed, and only where no code brings it.',
  })
  @ApiParam(NAME)
  @ApiBody({ type: UpdateScopeDto, examples: UPDATE_SCOPE_EXAMPLES })
  @ApiOkResponse({ description: 'The scope as it is now.', type: ScopeDto })
  @ApiProblem(400, 'The body is not JSON.')
  @ApiProblem(404, 'There is no scope of this name.')
  @ApiProblem(409, 'The scope is built in or declared by a module, and so is its description.')
  @ApiProblem(413, 'The body is longer than 64 KiB.')
  @ApiProblem(415, 'The body is not announced as JSON.')
  @ApiProblem(422, 'The description is wrong, or another field was sent.')
  async update(
    @Param('name') name: string,
    @Body() { description }: UpdateScopeDto,
    @CurrentActor() actor: Actor,
  ): Promise<ScopeDto> {
    return toScopeDto(
      description === undefined
        ? await this.scopes.get(name)
        : await this.scopes.describe(name, description, actor),
    );
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a scope', operationId: 'deleteScope' })
  @ApiParam(NAME)
  @ApiNoContentResponse({ description: 'The scope is gone.' })
  @ApiProblem(404, 'There is no scope of this name.')
  @ApiProblem(
    409,
    'The scope is built in, declared by a module, needed by a route or given to a client.',
  )
  async delete(@Param('name') name: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.scopes.delete(name, actor);
  }
}
