import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { collectDefaultMetrics, Gauge, register } from 'prom-client';
import { packageVersion } from '../config/package-version.js';
import { Public } from '../resource-server/index.js';
import { metricsOfAll } from './metrics-of-all.js';

collectDefaultMetrics();

new Gauge({
  name: 'postern_build_info',
  help: 'What runs, as labels; always 1',
  labelNames: ['version', 'node'],
  aggregator: 'first',
}).set({ version: packageVersion(), node: process.version }, 1);

/** Metrics for Prometheus. None has a label that a caller could fill, such as a client's id. */
@ApiTags('Operations')
@Public()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('Content-Type', register.contentType)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getMetrics', summary: 'Read the metrics' })
  @ApiOkResponse({
    description: 'The text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  read(): Promise<string> {
    return metricsOfAll();
  }
}
