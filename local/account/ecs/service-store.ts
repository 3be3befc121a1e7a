/** Every service of the account, deleted ones included until their name is taken again. */
import type { ServiceRecord } from './service-record.ts'

export class ServiceStore {
  readonly #clusters = new Map<string, Map<string, ServiceRecord>>()

  add(service: ServiceRecord): void {
    const services = this.#clusters.get(service.cluster) ?? new Map<string, ServiceRecord>()
    this.#clusters.set(service.cluster, services.set(service.name, service))
  }

  find(cluster: string, name: string): ServiceRecord | undefined {
    return this.#clusters.get(cluster)?.get(name)
  }

  byArn(arn: string): ServiceRecord | undefined {
    const [, cluster = '', name = ''] = arn.split('/')
    const found = this.find(cluster, name)
    return found?.arn === arn ? found : undefined
  }

  of(cluster: string): ServiceRecord[] {
    return [...(this.#clusters.get(cluster)?.values() ?? [])]
  }

  all(): ServiceRecord[] {
    return [...this.#clusters.keys()].flatMap(cluster => this.of(cluster))
  }
}
