/** The check at the start, in toy Nest applications. */
import { All, Controller, Get, Post, type Type } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { startToyApp } from '../../test/support/fakes.js';
import { send } from '../../test/support/http.js';
import { Authenticated, Public, ResourceServerModule, Scopes } from './index.js';
import { TEST_AUDIENCE, TestTokenVerifier } from './testing.js';

/** What a start says; undefined where it succeeds. */
async function failureOf(
  controllers: Type[],
  publicControllers?: Type[],
): Promise<Error | undefined> {
  try {
    const toy = await start(controllers, publicControllers);
    await toy.close();
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function start(controllers: Type[], publicControllers?: Type[]) {
  const verifier = new TestTokenVerifier();
  const resourceServer = ResourceServerModule.forRoot({
    verifier,
    audience: TEST_AUDIENCE,
    ...(publicControllers && { publicControllers }),
  });
  return startToyApp({ imports: [resourceServer], controllers });
}

@Controller('orders')
class ForgetfulController {
  @Get()
  list(): void {}

  @Post(':id/lines')
  add(): void {}

  @Get('open')
  @Public()
  open(): void {}

  helper(): void {}
}

@Controller()
class RootController {
  @All('anything')
  anything(): void {}
}

@Controller('health')
class StrangersController {
  @Get()
  check(): string {
    return 'fine';
  }
}

describe('a start', () => {
  it('fails for a handler without a rule, and names it, its method and its path', async () => {
    const failure = await failureOf([StrangersController]);
    expect(failure?.name).toBe('MissingAccessRuleError');
    expect(failure?.message).toMatch(
      /^StrangersController\.check \(GET \/health\/\) has no access rule: put @Scopes/,
    );
  });

  it('names all of them at once, one a line, and none that has a rule', async () => {
    const failure = await failureOf([ForgetfulController, RootController]);
    const named = failure?.message.split('\n').map((line) => line.split(' has ', 1)[0]);
    expect(named).toEqual([
      'ForgetfulController.list (GET /orders/)',
      'ForgetfulController.add (POST /orders/:id/lines)',
      'RootController.anything (ALL /anything)',
    ]);
  });

  it('succeeds where each handler has a rule, of its own or of its class', async () => {
    @Controller('a')
    @Authenticated()
    class ByClassController {
      @Get()
      list(): void {}
    }

    @Controller('b')
    class ByHandlerController {
      @Get()
      @Scopes('read')
      list(): void {}

      helper(): void {}
    }
    expect(await failureOf([ByClassController, ByHandlerController])).toBeUndefined();
  });

  it('fails for an inherited handler, by the name of the controller that has the route', async () => {
    @Controller('sub')
    class SubController extends ForgetfulController {}

    expect((await failureOf([SubController]))?.message).toMatch(
      /^SubController\.list \(GET \/sub\/\)/,
    );
  });

  it('passes over a controller that is listed, and over that one alone', async () => {
    expect(await failureOf([StrangersController], [StrangersController])).toBeUndefined();

    @Controller('sub')
    class SubController extends StrangersController {}

    expect((await failureOf([SubController], [StrangersController]))?.message).toMatch(
      /^SubController\.check/,
    );
  });

  it('leaves a listed controller open to everyone, but not a rule that stands in it', async () => {
    @Controller('mixed')
    class MixedController {
      @Get('bare')
      bare(): string {
        return 'bare';
      }

      @Get('guarded')
      @Scopes('read')
      guarded(): void {}
    }
    const toy = await start([MixedController], [MixedController]);
    expect((await send(`${toy.url}/mixed/bare`)).text).toBe('bare');
    expect((await send(`${toy.url}/mixed/guarded`)).status).toBe(401);
    await toy.close();
  });

  // `@Controller(['a', 'b'])` is named as the path /a,b.
  it('names each path of a controller that has several', async () => {
    @Controller(['one', 'two'])
    class SeveralController {
      @Get('x')
      x(): void {}
    }
    const message = (await failureOf([SeveralController]))?.message;
    expect(message).toContain('(GET /one/x)');
    expect(message).toContain('(GET /two/x)');
  });
});
