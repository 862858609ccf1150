// This project's server as it is, with a module beside the others: one handler that anybody may
// call and one that needs a token, of the same body.
import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { Controller, Get, Module } from '@nestjs/common';
import { AppModule } from '../../dist/src/app.module.js';
import { createApp } from '../../dist/src/app.setup.js';
import { loadSettings } from '../../dist/src/config/settings.js';
import { createLogger } from '../../dist/src/operations/logger.js';
import { Public, Scopes } from '../../dist/src/resource-server/index.js';

// As src/main.ts does.
setFlagsFromString('--no-allocation-site-pretenuring');

class BenchController {
  open() {
    return { ok: true };
  }

  guarded() {
    return { ok: true };
  }
}

/** What `@Decorator()` above a handler is in TypeScript. */
function decorate(handler, ...decorators) {
  const { prototype } = BenchController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, handler);
  Reflect.decorate(decorators, prototype, handler, descriptor);
}

decorate('open', Get('open'), Public());
decorate('guarded', Get('guarded'), Scopes('read'));
Reflect.decorate([Controller('bench')], BenchController);

class BenchModule {}
Reflect.decorate([Module({ controllers: [BenchController] })], BenchModule);

class Root {}

const settings = loadSettings(process.env);
const found = { ...settings, migrationDatabaseUrl: settings.databaseUrl };
const server = AppModule.forRoot(found, createLogger(settings.logLevel));
const app = await createApp({ module: Root, imports: [server, BenchModule] }, found);
await app.listen(settings.port, settings.host);
process.once('SIGTERM', () => process.exit(0));
