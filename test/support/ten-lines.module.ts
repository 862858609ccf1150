import { Controller, Get, Module } from '@nestjs/common';
import { Scopes } from '../../src/resource-server/index.js';

@Controller('rates')
class RatesController {
  @Get() @Scopes('read') list(): string[] {
    return ['EUR/USD'];
  }
}
@Module({ controllers: [RatesController] })
export class RatesModule {}
