import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IsString } from 'class-validator';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { createApp } from '../../src/app.setup.js';
import { loadSettings } from '../../src/config/settings.js';
import {
  AnyScope,
  Authenticated,
  CurrentClient,
  Public,
  Scopes,
  type VerifiedToken,
} from '../../src/resource-server/index.js';
import { Connections } from '../../src/start/connections.js';
import type { TestDatabase } from './database.js';
import { freePort } from './server.js';

class NoteDto {
  @IsString()
  readonly note!: string;
}

/** Handlers with each kind of rule, so that no test depends on a feature that may be deleted. */
@Controller('probe')
@Scopes('read')
export class ProbeController {
  @Get()
  byTheClass(@CurrentClient() client: VerifiedToken): {
    clientId: string;
    scopes: readonly string[];
  } {
    return { clientId: client.clientId, scopes: client.scopes };
  }

  @Post()
  @Scopes('write')
  write(@Body() { note }: NoteDto): { note: string } {
    return { note };
  }

  @Get('both')
  @Scopes('read', 'write')
  both(): string {
    return 'both';
  }

  @Get('either')
  @AnyScope('write', 'admin')
  either(): string {
    return 'either';
  }

  @Get('any-token')
  @Authenticated()
  anyToken(): string {
    return 'any token';
  }

  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('broken')
  @Public()
  broken(): never {
    throw new Error('a secret of the inside');
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

/** The whole application in this process, with the probe's handlers beside its own. */
export interface ProbeApp {
  readonly app: NestExpressApplication;
  readonly baseUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a {@link ProbeApp} on a database.
 *
 * @param environment settings beside those of the test
 */
export async function startProbeApp(
  database: Pick<TestDatabase, 'url'>,
  environment: Record<string, string> = {},
): Promise<ProbeApp> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const settings = loadSettings({
    PORT: String(port),
    PUBLIC_URL: baseUrl,
    DATABASE_URL: database.url,
    ...environment,
  });
  const { imports = [], ...root } = AppModule.forRoot(settings, pino({ level: 'silent' }));
  const app = await createApp({ ...root, imports: [...imports, ProbeModule] }, settings);
  const connections = new Connections(app.getHttpServer());
  await app.listen(port, '127.0.0.1');
  const close = async (): Promise<void> => {
    await connections.close(1000);
    await app.close();
  };
  return { app, baseUrl, close };
}
