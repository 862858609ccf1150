import { Module } from '@nestjs/common';
import { ResourceServerModule } from 'postern/resource-server';
import { NotesController } from './notes.controller.js';
import { setting, verifierOfEnvironment } from './verifier.js';

@Module({
  imports: [
    ResourceServerModule.forRootAsync({
      useFactory: () => ({ verifier: verifierOfEnvironment(), audience: setting('AUDIENCE') }),
    }),
  ],
  controllers: [NotesController],
})
export class SecondServiceModule {}
