import { Global, Module } from '@nestjs/common';
import { AUTHENTICATOR } from '@lib/http';
import { KeyAuthenticator } from './application/key-authenticator.js';
import { KeyUsage } from './application/key-usage.js';
import { KeysService } from './application/keys.service.js';
import { TenantsService } from './application/tenants.service.js';
import { AdminTenantsController } from './http/admin-tenants.controller.js';
import { TenantController } from './http/tenant.controller.js';

@Module({
  providers: [TenantsService, KeysService],
  exports: [TenantsService, KeysService],
})
export class TenantsModule {}

/** Adds the routes and the proof of credentials, which every other route needs. */
@Global()
@Module({
  imports: [TenantsModule],
  controllers: [AdminTenantsController, TenantController],
  providers: [KeyUsage, KeyAuthenticator, { provide: AUTHENTICATOR, useExisting: KeyAuthenticator }],
  exports: [AUTHENTICATOR],
})
export class TenantsHttpModule {}
