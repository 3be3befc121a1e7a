/** ECR's operations on repositories. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import { page } from './page.ts'
import {
  findRepository,
  invalidParameter,
  type RegistryState,
  type Repository,
  refuseNoRegistry,
  refuseUnmodelled,
} from './registry.ts'

const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

export function repositoryOperations(state: RegistryState) {
  return {
    CreateRepository: (input: sdk.CreateRepositoryRequest): sdk.CreateRepositoryResponse => {
      refuseWhatCreationIgnores(input)
      const { repositoryName: name = '', registryId = state.context.accountId } = input
      if (registryId !== state.context.accountId) throw invalidParameter('registryId', 'it must be this account')
      const repository = createRepository(state, name, {
        tagsAreImmutable: input.imageTagMutability === 'IMMUTABLE',
        scansOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
      })
      return { repository: describe(state, repository) }
    },

    DescribeRepositories: (input: sdk.DescribeRepositoriesRequest): sdk.DescribeRepositoriesResponse => {
      const names = input.repositoryNames
      if (!names) {
        refuseOtherRegistry(state, input.registryId)
        const { items, ...next } = page([...state.repositories.values()], repository => repository.name, input)
        return { repositories: items.map(repository => describe(state, repository)), ...next }
      }
      if (names.length < 1 || names.length > 100) throw invalidParameter('repositoryNames', 'it takes 1 to 100 names')
      if (input.maxResults !== undefined || input.nextToken !== undefined) {
        throw invalidParameter('repositoryNames', 'it cannot be combined with maxResults or nextToken')
      }
      const found = names.map(name => findRepository(state, name, input.registryId))
      return { repositories: found.map(repository => describe(state, repository)) }
    },

    DeleteRepository: (input: sdk.DeleteRepositoryRequest): sdk.DeleteRepositoryResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      if (repository.images.size > 0 && !input.force) {
        throw new AwsError(
          'RepositoryNotEmptyException',
          `The repository with name '${repository.name}' in registry with id '${state.context.accountId}' cannot be deleted because it still contains images`,
        )
      }
      state.repositories.delete(repository.name)
      state.blobs.dropRepository(repository.name)
      return { repository: describe(state, repository) }
    },
  }
}

/** Throws InvalidParameterException for a bad name, RepositoryAlreadyExistsException for a taken one. */
export function createRepository(
  state: RegistryState,
  name: string,
  { tagsAreImmutable = false, scansOnPush = false } = {},
): Repository {
  const { accountId, region, registryHost, clock } = state.context
  if (name.length < 2 || name.length > 256 || !namePattern.test(name)) {
    throw invalidParameter('repositoryName', `must satisfy regular expression '${namePattern.source.slice(1, -1)}'`)
  }
  if (state.repositories.has(name)) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${accountId}'`,
    )
  }
  const repository: Repository = {
    name,
    arn: `arn:aws:ecr:${region}:${accountId}:repository/${name}`,
    uri: `${registryHost}/${name}`,
    createdAt: clock.now(),
    tagsAreImmutable,
    scansOnPush,
    images: new Map(),
    tags: new Map(),
  }
  state.repositories.set(name, repository)
  return repository
}

/** Another account's list is not empty but closed: so AWS answers whom no policy of that registry lets in. */
function refuseOtherRegistry(state: RegistryState, registryId: string | undefined): void {
  refuseNoRegistry(registryId)
  const { accountId, region } = state.context
  if (registryId === undefined || registryId === accountId) return
  throw new AwsError(
    'AccessDeniedException',
    `User: arn:aws:iam::${accountId}:root is not authorized to perform: ecr:DescribeRepositories ` +
      `on resource: arn:aws:ecr:${region}:${registryId}:repository/*`,
  )
}

function refuseWhatCreationIgnores(input: sdk.CreateRepositoryRequest): void {
  const encryption = input.encryptionConfiguration?.encryptionType
  refuseUnmodelled('CreateRepository', {
    tags: input.tags?.length ? true : undefined,
    encryptionConfiguration: encryption === 'AES256' ? undefined : encryption,
    imageTagMutabilityExclusionFilters: input.imageTagMutabilityExclusionFilters?.length ? true : undefined,
  })
  const mutability = input.imageTagMutability ?? 'MUTABLE'
  if (mutability === 'MUTABLE' || mutability === 'IMMUTABLE') return
  throw invalidParameter('imageTagMutability', `MUTABLE or IMMUTABLE here; the local account has no ${mutability}`)
}

function describe(state: RegistryState, repository: Repository): sdk.Repository {
  return {
    repositoryArn: repository.arn,
    registryId: state.context.accountId,
    repositoryName: repository.name,
    repositoryUri: repository.uri,
    createdAt: repository.createdAt,
    imageTagMutability: repository.tagsAreImmutable ? 'IMMUTABLE' : 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: repository.scansOnPush },
    encryptionConfiguration: { encryptionType: 'AES256' },
  }
}
