/** The Price List of the local account: what AWS's services cost, as far as Fargate is concerned. */
import type {
  DescribeServicesRequest,
  Filter,
  GetAttributeValuesRequest,
  GetAttributeValuesResponse,
  GetProductsRequest,
} from '@aws-sdk/client-pricing'
import { AwsError } from '../aws-error.ts'
import type { AccountService } from '../context.ts'
import { page } from '../page.ts'
import { type Product, products } from './products.ts'

const formatVersion = 'aws_v1'

export function createPricing(): AccountService {
  return {
    operations: {
      DescribeServices(input: DescribeServicesRequest) {
        refuseFormat(input)
        const codes = input.ServiceCode === undefined ? [...products.keys()] : [serviceOf(input.ServiceCode).code]
        const { items, ...next } = page(codes, code => code, input, 100)
        const Services = items.map(code => ({ ServiceCode: code, AttributeNames: attributeNames(code) }))
        return { Services, FormatVersion: formatVersion, ...next }
      },
      GetAttributeValues(input: GetAttributeValuesRequest): GetAttributeValuesResponse {
        const { code, listed } = serviceOf(input.ServiceCode)
        const name = input.AttributeName ?? ''
        if (!attributeNames(code).includes(name)) throw notFound(`${code} has no attribute "${name}".`)
        const values = new Set(listed.flatMap(({ fields }) => fields[name] ?? []))
        const { items, ...next } = page([...values].sort(), value => value, input, 100)
        return { AttributeValues: items.map(Value => ({ Value })), ...next }
      },
      GetProducts(input: GetProductsRequest) {
        refuseFormat(input)
        const { listed } = serviceOf(input.ServiceCode)
        const found = listed.filter(product => (input.Filters ?? []).every(filter => passes(product, filter)))
        const { items, ...next } = page(found, ({ sku }) => sku, input, 100)
        return { FormatVersion: formatVersion, PriceList: items.map(({ entry }) => entry), ...next }
      },
    },
  }
}

function serviceOf(code: string | undefined): { code: string; listed: readonly Product[] } {
  const listed = products.get(code ?? '')
  if (code === undefined || !listed) {
    throw notFound(`The local Price List has no service "${code}". It has ${[...products.keys()].join(', ')}.`)
  }
  return { code, listed }
}

function attributeNames(code: string): string[] {
  return [...new Set(serviceOf(code).listed.flatMap(({ fields }) => Object.keys(fields)))].sort()
}

const comparisons: Readonly<Record<string, (has: string, value: string) => boolean>> = {
  TERM_MATCH: (has, value) => has === value,
  EQUALS: (has, value) => has === value,
  CONTAINS: (has, value) => has.includes(value),
  ANY_OF: (has, value) => value.split(',').includes(has),
  NONE_OF: (has, value) => !value.split(',').includes(has),
}

/** A field that a product does not have matches nothing, whatever is compared. */
function passes({ fields }: Product, { Type, Field = '', Value = '' }: Filter): boolean {
  const compares = comparisons[Type ?? '']
  if (!compares)
    throw invalidParameter(`A filter's Type is one of ${Object.keys(comparisons).join(', ')}, not "${Type}".`)
  const has = fields[Field]
  return has !== undefined && compares(has, Value)
}

function refuseFormat({ FormatVersion }: { FormatVersion?: string | undefined }): void {
  if (FormatVersion !== undefined && FormatVersion !== formatVersion)
    throw invalidParameter(`FormatVersion is ${formatVersion}, not "${FormatVersion}".`)
}

const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message)
const notFound = (message: string) => new AwsError('NotFoundException', message)
