import { Module } from '@nestjs/common';
import { AccessRulesController } from './access-rules.controller.js';

/** What an auditor asks first: which routes are there, and who may call each. */
@Module({ controllers: [AccessRulesController] })
export class AccessRulesModule {}
