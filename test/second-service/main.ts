/** A second service: it trusts an authorization server, and has nothing else of this project. */
import { NestFactory } from '@nestjs/core';
import { SecondServiceModule } from './second-service.module.js';

const app = await NestFactory.create(SecondServiceModule);
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3001), '127.0.0.1');
