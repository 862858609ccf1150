import { Module, type DynamicModule } from '@nestjs/common';
import type { Settings } from './settings.js';

/** The injection token of the {@link Settings}. */
export const SETTINGS = Symbol('postern:settings');

/** Gives the settings of the process to every module. */
@Module({})
export class SettingsModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      providers: [{ provide: SETTINGS, useValue: settings }],
      exports: [SETTINGS],
    };
  }
}
