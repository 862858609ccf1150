/** What the decorators leave behind: the rule that the guard reads, and the OpenAPI document. */
import { Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import { AnyScope, Authenticated, OAUTH2_SECURITY, Public, Scopes } from './access.decorators.js';
import { accessRuleOf, type AccessRule } from './access-rule.js';

function ruleOf(controller: Type, method: string): AccessRule | undefined {
  const handler = (controller.prototype as Record<string, () => void>)[method];
  if (handler === undefined) throw new Error(`no method ${method}`);
  return accessRuleOf(new Reflector(), controller, handler);
}

async function documentOf(...controllers: Type[]): Promise<OpenAPIObject> {
  class ToyModule {}
  Module({ controllers })(ToyModule);
  const app = await NestFactory.create(ToyModule, { logger: false });
  return SwaggerModule.createDocument(app, new DocumentBuilder().build());
}

/** Security and answers of a GET in the document. */
function documented(document: OpenAPIObject, path: string) {
  const operation = document.paths[path]?.get;
  return {
    security: operation?.security,
    refusals: Object.keys(operation?.responses ?? {}).filter((status) => status !== '200'),
  };
}

@Controller('by-class')
@Scopes('admin')
class ByClassController {
  @Get('own')
  @Scopes('read', 'write')
  own(): void {}

  @Get('open')
  @Public()
  open(): void {}

  @Get('inherits')
  inherits(): void {}

  helper(): void {}
}

@Controller('by-handler')
class ByHandlerController {
  @Get('all')
  @Scopes('read', 'write')
  all(): void {}

  @Get('any')
  @AnyScope('read', 'write')
  any(): void {}

  @Get('authenticated')
  @Authenticated()
  authenticated(): void {}

  @Get('open')
  @Public()
  open(): void {}

  @Post('bare')
  bare(): void {}
}

describe('the rule of a handler', () => {
  it.each<[string, AccessRule | undefined]>([
    ['all', { kind: 'scopes', scopes: ['read', 'write'] }],
    ['any', { kind: 'any_scope', scopes: ['read', 'write'] }],
    ['authenticated', { kind: 'authenticated' }],
    ['open', { kind: 'public' }],
    ['bare', undefined],
  ])('%s is what its decorator says', (method, rule) => {
    expect(ruleOf(ByHandlerController, method)).toEqual(rule);
  });

  it.each<[string, AccessRule]>([
    ['own', { kind: 'scopes', scopes: ['read', 'write'] }],
    ['open', { kind: 'public' }],
    ['inherits', { kind: 'scopes', scopes: ['admin'] }],
  ])('%s is its own before its controller’s', (method, rule) => {
    expect(ruleOf(ByClassController, method)).toEqual(rule);
  });

  it('is the same whichever of rule and route stands on top', () => {
    @Scopes('admin')
    @Controller('x')
    class RuleOnTopController {
      @Public()
      @Get()
      open(): void {}

      @Get('rest')
      rest(): void {}
    }
    expect(ruleOf(RuleOnTopController, 'open')).toEqual({ kind: 'public' });
    expect(ruleOf(RuleOnTopController, 'rest')).toEqual({ kind: 'scopes', scopes: ['admin'] });
  });
});

describe('an inherited handler', () => {
  class Base {
    @Get('own')
    @Scopes('write')
    own(): void {}

    @Get('bare')
    bare(): void {}
  }

  @Controller('sub')
  @Scopes('admin')
  class SubController extends Base {}

  it('keeps its own rule, and takes its controller’s where it has none', () => {
    expect(ruleOf(SubController, 'own')).toEqual({ kind: 'scopes', scopes: ['write'] });
    expect(ruleOf(SubController, 'bare')).toEqual({ kind: 'scopes', scopes: ['admin'] });
  });

  it('has the rule of the base class where neither itself nor the subclass has one', () => {
    @Authenticated()
    class GuardedBase {
      @Get()
      bare(): void {}
    }

    @Controller('sub')
    class BareController extends GuardedBase {}

    expect(ruleOf(BareController, 'bare')).toEqual({ kind: 'authenticated' });
  });

  // A hole: the rule of the base class is copied onto the handler and beats that of the subclass.
  it('has the rule of the subclass, not of the base class, where it has none', () => {
    @Public()
    class OpenBase {
      @Get()
      bare(): void {}
    }

    @Controller('sub')
    @Scopes('admin')
    class ClosedController extends OpenBase {}

    expect(ruleOf(ClosedController, 'bare')).toEqual({ kind: 'scopes', scopes: ['admin'] });
  });
});

describe('the OpenAPI document', () => {
  it.each([
    ['/by-handler/all', [{ [OAUTH2_SECURITY]: ['read', 'write'] }], ['400', '401', '403', '503']],
    [
      '/by-handler/any',
      [{ [OAUTH2_SECURITY]: ['read'] }, { [OAUTH2_SECURITY]: ['write'] }],
      ['400', '401', '403', '503'],
    ],
    ['/by-handler/authenticated', [{ [OAUTH2_SECURITY]: [] }], ['400', '401', '503']],
    ['/by-handler/open', undefined, []],
  ])('says of %s what its rule asks for and how it refuses', async (path, security, refusals) => {
    const document = await documentOf(ByHandlerController);
    const told = documented(document, path);
    expect(new Set(told.security)).toEqual(security === undefined ? new Set() : new Set(security));
    expect(told.refusals).toEqual(refusals);
  });

  it.each([
    ['/by-class/own', [{ [OAUTH2_SECURITY]: ['read', 'write'] }]],
    ['/by-class/open', undefined],
    ['/by-class/inherits', [{ [OAUTH2_SECURITY]: ['admin'] }]],
  ])('does not add the rule of the class to that of %s', async (path, security) => {
    const document = await documentOf(ByClassController);
    expect(documented(document, path).security).toEqual(security);
  });

  it('knows the problem document by its media type', async () => {
    const document = await documentOf(ByHandlerController);
    expect(document.paths['/by-handler/all']?.get?.responses['403']).toEqual({
      description: 'The token lacks the scope read and write.',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    expect(document.components?.schemas).toHaveProperty('Problem');
  });
});
