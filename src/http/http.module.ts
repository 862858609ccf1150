import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { isOAuthPath } from '../errors/error-response.js';
import { ErrorFilter } from '../errors/error.filter.js';
import { JsonBodyGuard } from './json-body.guard.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

/**
 * How every request of this server is read and every error written.
 *
 * To be imported after the resource server: global guards run in the order of their modules, and a
 * body is read only once access is decided.
 */
@Module({
  providers: [
    { provide: APP_GUARD, useClass: JsonBodyGuard },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
    {
      provide: ErrorFilter,
      inject: [SETTINGS],
      useFactory: ({ publicUrl }: Settings) =>
        new ErrorFilter({ pagesUrl: publicUrl, isOAuthPath }),
    },
    { provide: APP_FILTER, useExisting: ErrorFilter },
  ],
  exports: [ErrorFilter],
})
export class HttpModule {}
