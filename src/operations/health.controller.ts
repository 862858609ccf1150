import { Controller, Get, Header, Inject, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { Public } from '../resource-server/index.js';
import { Draining } from './draining.js';

/** A database that takes longer is of no use to a caller either. In milliseconds. */
const DATABASE_ANSWERS_WITHIN_MS = 1000;

/** What an orchestrator asks: is the process alive, and should it be sent requests? */
@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly draining: Draining,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Tells that the process answers, whatever the database does. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  @ApiOperation({ operationId: 'getLiveness', summary: 'Ask whether the process is alive' })
  live(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return this.answer(response, []);
  }

  /** Tells whether requests should come here: the database answers, and no shutdown has begun. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  @ApiOperation({ operationId: 'getReadiness', summary: 'Ask whether the server takes requests' })
  ready(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return this.answer(response, [() => this.database(), () => this.lifecycle()]);
  }

  /** The shape of a failed check is the orchestrator's own, not that of an error. */
  private async answer(
    response: Response,
    checks: (() => HealthIndicatorResult | Promise<HealthIndicatorResult>)[],
  ): Promise<HealthCheckResult> {
    try {
      return await this.health.check(checks);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      response.status(503);
      return error.getResponse() as HealthCheckResult;
    }
  }

  private async database(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('database');
    const limit = Math.min(DATABASE_ANSWERS_WITHIN_MS, this.settings.dbTimeoutMs);
    const answered = await Promise.race([
      this.dataSource.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), limit).unref()),
    ]);
    return answered ? check.up() : check.down('the database does not answer');
  }

  private lifecycle(): HealthIndicatorResult {
    const check = this.indicators.check('lifecycle');
    return this.draining.hasBegun ? check.down('shutting down') : check.up();
  }
}
