import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, Caller, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { AddressListsService } from '../application/address-lists.service.js';
import {
  AddressEntryDetailDto,
  AddressEntryDto,
  AddressEntryPageDto,
  AddressListQueryDto,
  CreateAddressEntryDto,
  ValidateAddressEntryDto,
} from './address-lists.dto.js';

const NOT_FOUND = problemResponse('The tenant has no such entry', 404, 'address_entry_not_found');

/** Blocks of addresses that the operator names. Only for administrators: an address may lead to a person. */
@ApiTags('counting')
@Access('admin')
@Controller('v1/address-lists')
export class AddressListsController {
  constructor(private readonly addressLists: AddressListsService) {}

  @Get()
  @ApiOperation({
    summary: 'List included and excluded addresses, the youngest first',
    description: 'Of several entries around an address the narrowest decides.',
  })
  @ApiOkResponse({ type: AddressEntryPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_input'))
  list(@Query() { removed = false, limit = 50, cursor }: AddressListQueryDto): Promise<AddressEntryPageDto> {
    return this.addressLists.list(removed, { limit, cursor });
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an entry, with the record of who did what' })
  @ApiOkResponse({ type: AddressEntryDetailDto })
  @ApiNotFoundResponse(NOT_FOUND)
  find(@UuidParam('id') id: string): Promise<AddressEntryDetailDto> {
    return this.addressLists.find(id);
  }

  @Post()
  @ApiOperation({
    summary: 'Include or exclude a block of addresses',
    description:
      'It acts on requests that come in from now on. An inclusion ends 90 days after it was last validated.',
  })
  @ApiCreatedResponse({ type: AddressEntryDto })
  @ApiBadRequestResponse(
    problemResponse('A field is not valid, or the block is none or too broad', 400, 'network_host_bits'),
  )
  @ApiConflictResponse(problemResponse('An entry stands for exactly this block', 409, 'network_listed'))
  add(@Caller() { keyId }: TenantPrincipal, @Body() body: CreateAddressEntryDto): Promise<AddressEntryDto> {
    return this.addressLists.add(body, `key ${keyId}`);
  }

  @Post(':id/revalidate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say that an entry is still right',
    description: 'An inclusion lasts 90 days from now.',
  })
  @ApiOkResponse({ type: AddressEntryDto })
  @ApiBadRequestResponse(problemResponse('The id or a field is not valid', 400, 'invalid_input'))
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(problemResponse('The entry was removed', 409, 'address_entry_removed'))
  revalidate(
    @Caller() { keyId }: TenantPrincipal,
    @UuidParam('id') id: string,
    @Body() { author }: ValidateAddressEntryDto,
  ): Promise<AddressEntryDto> {
    return this.addressLists.validate(id, author, `key ${keyId}`);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take a block off its list',
    description: 'The entry and its record stay readable.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(NOT_FOUND)
  remove(@Caller() { keyId }: TenantPrincipal, @UuidParam('id') id: string): Promise<void> {
    return this.addressLists.remove(id, `key ${keyId}`);
  }
}
