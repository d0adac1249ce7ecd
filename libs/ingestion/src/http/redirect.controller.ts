import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Access, OwnTransactions } from '@lib/http';
import { DomainError } from '@lib/primitives';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RedirectService } from '../application/redirect/redirect.service.js';
import { TrackingReceiver } from '../application/redirect/tracking-receiver.js';
import { headerSignals, querySignals } from './consent-signals.js';

/** Where the router finds the redirect: see `routedUrl`. */
const REDIRECT_PATH = '/r';

/**
 * What the router is to look at instead of a request's target: for the redirect, nothing behind `/r`. The address behind
 * it may hold what a router decodes, merges or refuses, and is to be kept byte for byte.
 */
export function routedUrl(requestTarget: string): string {
  return isRedirect(requestTarget) ? REDIRECT_PATH : requestTarget;
}

/** Whether a request's target is one of the redirect's. */
export function isRedirect(requestTarget: string): boolean {
  return requestTarget.startsWith(`${REDIRECT_PATH}/`);
}

/**
 * `GET|HEAD /r/{handle}/{address of the file}`: sends a listener on to the file and records the request. The answer
 * waits for nothing, and recording follows it.
 */
@ApiExcludeController()
@Access('public')
@OwnTransactions()
@Controller()
export class RedirectController {
  constructor(
    private readonly redirects: RedirectService,
    private readonly receiver: TrackingReceiver,
  ) {}

  // Fastify answers HEAD with the same handler.
  @Get(REDIRECT_PATH)
  async follow(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { originalUrl, hostname, method, headers } = request;
    const redirect = await this.redirects.resolve(originalUrl, hostname);
    if (redirect === undefined) {
      throw new DomainError('unknown_destination', 404, 'This prefix does not lead there.');
    }
    void reply.status(302).header('location', redirect.location).header('cache-control', 'no-store').send();
    this.receiver.receive('redirect', redirect.handle, {
      mediaKey: redirect.mediaKey,
      method,
      address: request.ip,
      userAgent: headers['user-agent'],
      referrer: headers.referer,
      range: headers.range,
      sessionId: oneOf(headers['x-playback-session-id']),
      signals: { ...headerSignals(headers), ...querySignals(originalUrl) },
    });
  }
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
