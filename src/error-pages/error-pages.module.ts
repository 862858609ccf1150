import { Inject, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { pageHeaders } from '../http/page-headers.js';
import { ErrorPagesController } from './error-pages.controller.js';
import { STYLE_SOURCE } from './page.js';

/** The pages under `/errors/`, made from the one catalogue that the answers are made from. */
@Module({ controllers: [ErrorPagesController] })
export class ErrorPagesModule implements NestModule {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(pageHeaders(this.settings.publicUrl, { styleSrc: [STYLE_SOURCE] }))
      .forRoutes(ErrorPagesController);
  }
}
