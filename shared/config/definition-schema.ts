/** The shape of a task definition that is written out in farguard.yml. */
import type * as z from 'zod'
import { container } from './container-schema.ts'
import { anyOf, choice, closed, flag, named, quantity, text } from './fields.ts'
import { readCpu, readMemory, readStorage } from './quantities.ts'

/** Those of ECS that Fargate has, by the change log of its Windows platform. */
const operatingSystems = [
  'linux',
  'windows-server-2022-core',
  'windows-server-2022-full',
  'windows-server-2019-core',
  'windows-server-2019-full',
] as const

const family = text({
  what: "a task definition family's name",
  example: 'web',
  looks: /^[A-Za-z0-9_-]{1,255}$/,
  help: 'The family that revisions are registered in.',
  meant: value => value.replace(/^arn:.*\//, '').replace(/:\d*$/, ''),
})

const role = (use: string, need?: string) =>
  text({
    what: "an IAM role's ARN",
    example: 'arn:aws:iam::123456789012:role/my-task',
    looks: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    help: use,
    ...(need !== undefined && { need }),
  })

const volume = closed(
  {
    efs: closed(
      {
        fileSystem: text({
          what: "an EFS file system's id",
          example: 'fs-0a1b2c3d4e5f67890',
          looks: /^fs-[0-9a-f]{8,40}$/,
          help: 'The EFS file system.',
        }),
        rootDirectory: text({
          what: 'an absolute path',
          example: '/',
          looks: /^\/.{0,254}$/,
          help: 'The directory of the file system that is mounted. Default: /. Leave it out with an access point, which has its own.',
          meant: value => `/${value}`,
        }).optional(),
        accessPoint: text({
          what: "an EFS access point's id",
          example: 'fsap-0a1b2c3d4e5f67890',
          looks: /^fsap-[0-9a-f]{8,40}$/,
          help: 'The access point to mount through.',
        }).optional(),
        transitEncryption: flag('Whether traffic to EFS is encrypted. Default: true.').optional(),
        iam: flag("Whether the task's role decides on access. Default: false.").optional(),
      },
      { example: '{ fileSystem: fs-0a1b2c3d4e5f67890 }', help: 'An EFS file system.' },
    ).optional(),
  },
  {
    example: '{} for scratch space, or { efs: { fileSystem: fs-0a1b2c3d4e5f67890 } }',
    help: 'Scratch space that ends with the task ({}), or EFS.',
  },
)

const definition = closed(
  {
    family: family.describe("The family that revisions are registered in. Default: the target's name.").optional(),
    cpu: quantity({
      what: 'a CPU size',
      example: '256 or 0.25 vCPU',
      read: readCpu,
      help: 'CPU units (256, 512, 1024, 2048, 4096, 8192, 16384) or vCPU ("0.25 vCPU" to "16 vCPU").',
    }),
    memory: quantity({
      what: 'a memory size',
      example: '512 or 1 GB',
      read: readMemory,
      help: 'MiB, or "1 GB". What goes with which CPU: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html',
    }),
    architecture: choice(['x86_64', 'arm64'], 'The processor that the images are for. Default: x86_64.').optional(),
    operatingSystem: choice(operatingSystems, 'Default: linux.').optional(),
    taskRole: role('The role that the containers act as.').optional(),
    executionRole: role(
      'The role that Fargate pulls images, reads secrets and writes logs with.',
      'Fargate pulls the pushed image from ECR with it, reads secrets and writes logs',
    ),
    ephemeralStorage: quantity({
      what: 'a size from 21 to 200 GB (20 GB is what each task has anyway)',
      example: '30 GB',
      read: readStorage,
      from: 21,
      to: 200,
      help: 'Disk for the whole task, 21 to 200 GB. Default: the 20 GB that each task has.',
    }).optional(),
    volumes: named(ecsText("a volume's name", 'data', 'What mounts call the volume.'), volume, {
      from: 0,
      to: 100,
      example: '{ data: {} }',
      help: 'Volumes that containers mount, by name.',
    }).optional(),
    containers: named(ecsText("a container's name", 'app', "The container's name."), container, {
      from: 1,
      to: 10,
      example: '{ app: {} }',
      help: 'The containers, by name, at most 10. Exactly one has no image: the pushed image runs there.',
    }),
    tags: named(
      text({
        what: "a tag's key: 1 to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws:",
        example: 'team',
        looks: /^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u,
        help: "A tag's key.",
      }),
      text({
        what: "a tag's value: at most 256 letters, digits, spaces and _.:/=+-@",
        example: 'shop',
        looks: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u,
        help: "A tag's value.",
      }),
      { from: 0, to: 50, example: '{ team: shop }', help: "The task definition's tags, at most 50." },
    ).optional(),
  },
  {
    example: '{ cpu: 256, memory: 512, executionRole: ..., containers: { app: {} } }',
    help: 'A task definition, written out.',
  },
)

/** By the name of a family, or written out. */
export const taskDefinition = anyOf([family, definition], {
  what: 'the name of a family or a task definition',
  example: 'web, or cpu, memory, executionRole and containers',
  help: 'The name of a family (its latest active revision runs, with the image changed), or a definition written out. Default for a service: what it runs now.',
})

export type DefinitionInput = z.input<typeof definition>
export type VolumeInput = z.input<typeof volume>

function ecsText(what: string, example: string, help: string) {
  return text({
    what: `${what}: up to 255 letters, digits, - and _`,
    example,
    looks: /^[A-Za-z0-9_-]{1,255}$/,
    help,
    meant: value => value.replace(/[^A-Za-z0-9_-]+/g, '-'),
  })
}
