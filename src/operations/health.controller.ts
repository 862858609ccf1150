import { Controller, Get, Header, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import type { Response } from 'express';
import { DatabaseProbe } from '../database/database-probe.js';
import { Public } from '../resource-server/index.js';
import { Draining } from './draining.js';

/** What an orchestrator asks: is the process alive, and should it be sent requests? */
@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly draining: Draining,
    private readonly probe: DatabaseProbe,
  ) {}

  /** Tells that the process answers, whatever the database does. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  @ApiOperation({ operationId: 'getLiveness', summary: 'Ask whether the process is alive' })
  live(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return this.answer(response, []);
  }

  /** Tells whether requests should come here: the database answers and has the schema, and no shutdown has begun. */
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
    const fault = await this.probe.fault();
    return fault === undefined ? check.up() : check.down(fault);
  }

  private lifecycle(): HealthIndicatorResult {
    const check = this.indicators.check('lifecycle');
    return this.draining.hasBegun ? check.down('shutting down') : check.up();
  }
}
