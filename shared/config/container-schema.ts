/** The shape of a container of a task definition that is written out in farguard.yml. */
import type * as z from 'zod'
import { anyOf, choice, closed, duration, flag, list, named, quantity, text, whole } from './fields.ts'
import { readMemory, readPort } from './quantities.ts'

const anyText = (example: string, help: string) => text({ what: 'text', example, help })

const words = (help: string) =>
  list(anyText('start', 'One word.'), { from: 1, to: 1000, example: '[npm, start]', help })

const variable = text({
  what: "a variable's name: not empty, without = and spaces",
  example: 'LOG_LEVEL',
  looks: /^[^=\s\0]{1,255}$/,
  help: "The variable's name.",
  meant: value => value.replace(/[=\s]+/g, '_'),
})

const secret = text({
  what: 'the ARN of a secret or parameter, or the name of a parameter in the same Region',
  example: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf',
  looks:
    /^(?:arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s:]+(?::[^\s:]*){0,3}|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter\/[\w./-]+|[\w./-]+)$/,
  help: "The ARN of a Secrets Manager secret (with :json-key:stage:version where wanted) or of an SSM parameter, or the parameter's name.",
})

const secrets = (help: string) =>
  named(variable, secret, { from: 0, to: 100, example: '{ DB_PASSWORD: arn:aws:secretsmanager:… }', help })

const port = anyOf(
  [
    quantity({
      what: 'a port: 1 to 65535, with /tcp or /udp where wanted',
      example: '8080 or 53/udp',
      read: value => readPort(value)?.port,
      help: 'A port, tcp unless it says /udp.',
    }),
    closed(
      {
        port: quantity({
          what: 'a port: 1 to 65535, with /tcp or /udp where wanted',
          example: '8080 or 53/udp',
          read: value => readPort(value)?.port,
          help: 'The port, tcp unless it says /udp.',
        }),
        name: text({
          what: "a port's name: up to 64 of a-z, 0-9, - and _, beginning with a letter or digit",
          example: 'http',
          looks: /^[a-z0-9][a-z0-9_-]{0,63}$/,
          help: 'What Service Connect calls the port.',
          meant: value => value.toLowerCase(),
        }).optional(),
        appProtocol: choice(['http', 'http2', 'grpc'], 'What Service Connect speaks on it.').optional(),
      },
      { example: '8080 or { port: 8080, name: http }', help: 'A port with a name.' },
    ),
  ],
  {
    what: 'a port',
    example: '8080, 53/udp or { port: 8080, name: http }',
    help: 'A port: 8080, 53/udp, or { port, name, appProtocol }.',
  },
)

const healthCheck = closed(
  {
    command: anyOf(
      [
        anyText('curl -f http://localhost:8080/health', 'A shell command.'),
        words('CMD and its words, or CMD-SHELL and a command.'),
      ],
      {
        what: 'a command',
        example: 'curl -f http://localhost:8080/health',
        help: 'A shell command, or a list that begins with CMD or CMD-SHELL. Exit code 0 is healthy.',
      },
    ),
    interval: duration({
      from: '5s',
      to: '300s',
      example: '30s',
      help: 'Between checks, 5s to 300s. Default: 30s.',
    }).optional(),
    timeout: duration({
      from: '2s',
      to: '120s',
      example: '5s',
      help: 'For one check, 2s to 120s. Default: 5s.',
    }).optional(),
    retries: whole({ from: 1, to: 10, help: 'Failed checks in a row that make it unhealthy. Default: 3.' }).optional(),
    startPeriod: duration({
      from: '0s',
      to: '300s',
      example: '60s',
      help: 'Grace at the start, 0s to 300s. Default: none.',
    }).optional(),
  },
  { example: '{ command: curl -f http://localhost:8080/health }', help: 'How the container says that it is well.' },
)

const logging = closed(
  {
    driver: choice(['awslogs', 'awsfirelens', 'splunk'], 'The drivers that Fargate has.'),
    options: named(anyText('awslogs-group', "An option's name."), anyText('/app', 'Its value.'), {
      from: 0,
      to: 100,
      example: '{ awslogs-group: /app, awslogs-region: eu-central-1, awslogs-stream-prefix: app }',
      help: "The driver's options. awslogs wants awslogs-group, awslogs-region and awslogs-stream-prefix.",
    }).optional(),
    secretOptions: secrets('Options whose value is a secret.').optional(),
  },
  { example: '{ driver: awslogs, options: { … } }', help: 'Where the output goes.' },
)

const mount = closed(
  {
    volume: anyText('data', 'A volume of this task definition.'),
    path: text({
      what: 'an absolute path',
      example: '/data',
      looks: /^(?:\/|[A-Za-z]:\\).*$/,
      help: 'Where it appears in the container.',
      meant: value => `/${value}`,
    }),
    readOnly: flag('Default: false.').optional(),
  },
  { example: '{ volume: data, path: /data }', help: 'A volume in the container.' },
)

const fileLimit = whole({ from: 1, to: 1_048_576, help: 'How many open files.' })

const memory = (help: string) =>
  quantity({ what: 'a memory size', example: '256 or 0.5 GB', read: readMemory, from: 6, help })

/** One container; its name is its key in `containers`. */
export const container = closed(
  {
    image: text({
      what: "an image's name",
      example: 'public.ecr.aws/nginx/nginx:stable',
      looks: /^[A-Za-z0-9][\w./:@#-]{0,254}$/,
      help: 'For side containers. The one container without an image runs the pushed one.',
    }).optional(),
    command: words("Instead of the image's own command.").optional(),
    entryPoint: words("Instead of the image's own entry point.").optional(),
    environment: named(variable, anyText('"" for no value', 'Its value.'), {
      from: 0,
      to: 1000,
      example: '{ LOG_LEVEL: info }',
      help: 'Plain variables.',
    }).optional(),
    environmentFiles: list(
      text({
        what: 'the ARN of an .env file in S3',
        example: 'arn:aws:s3:::my-bucket/app.env',
        looks: /^arn:aws[a-z-]*:s3:::[^/\s]+\/\S+\.env$/,
        help: 'An .env file in S3.',
      }),
      { from: 1, to: 10, example: '[arn:aws:s3:::my-bucket/app.env]', help: 'Files of variables in S3, at most 10.' },
    ).optional(),
    secrets: secrets('Variables whose value comes from Secrets Manager or the SSM Parameter Store.').optional(),
    ports: list(port, {
      from: 1,
      to: 100,
      example: '[8080]',
      help: 'The ports that the container listens on: 8080, 53/udp, or { port, name, appProtocol }.',
    }).optional(),
    essential: flag('Whether the task ends when this container does. Default: true.').optional(),
    healthCheck: healthCheck.optional(),
    logging: logging.optional(),
    firelens: closed(
      {
        type: choice(['fluentbit', 'fluentd'], 'The router.'),
        options: named(anyText('enable-ecs-log-metadata', "An option's name."), anyText('true', 'Its value.'), {
          from: 0,
          to: 100,
          example: '{}',
          help: "The router's options.",
        }).optional(),
      },
      { example: '{ type: fluentbit }', help: "Makes this container the log router of the others' awsfirelens." },
    ).optional(),
    mounts: list(mount, {
      from: 1,
      to: 100,
      example: '[{ volume: data, path: /data }]',
      help: 'Volumes in this container.',
    }).optional(),
    dependsOn: named(
      anyText('db', 'Another container.'),
      choice(['start', 'complete', 'success', 'healthy'], 'What it must have come to.'),
      {
        from: 1,
        to: 9,
        example: '{ db: healthy }',
        help: 'Containers that come first, each with what it must have come to: start, complete, success or healthy.',
      },
    ).optional(),
    startTimeout: duration({
      from: '2s',
      to: '120s',
      example: '60s',
      help: 'How long this container may take to come to what others wait for, 2s to 120s.',
    }).optional(),
    stopTimeout: duration({
      from: '2s',
      to: '120s',
      example: '30s',
      help: 'From SIGTERM to SIGKILL, 2s to 120s. Default: 30s.',
    }).optional(),
    user: text({
      what: 'a user',
      example: '1000:1000',
      looks: /^[^\s:]{1,32}(?::[^\s:]{1,32})?$/,
      help: 'user, uid, user:group or uid:gid.',
    }).optional(),
    workingDirectory: anyText('/app', 'Where the command starts.').optional(),
    readonlyRootFilesystem: flag('Default: false.').optional(),
    cpu: whole({ from: 1, to: 16384, help: "CPU units of the task's." }).optional(),
    memory: memory("MiB of the task's, or 0.5 GB: above this the container is killed.").optional(),
    memoryReservation: memory("MiB of the task's that are kept for it.").optional(),
    ulimits: closed(
      {
        nofile: anyOf(
          [fileLimit, closed({ soft: fileLimit, hard: fileLimit }, { example: '65535', help: 'Both limits.' })],
          {
            what: 'a limit',
            example: '65535 or { soft: 1024, hard: 65535 }',
            help: 'Open files: 65535, or { soft: 1024, hard: 65535 }.',
          },
        ),
      },
      { example: '{ nofile: 65535 }', help: 'The only limit that Fargate lets a task set is nofile.' },
    ).optional(),
    linuxParameters: closed(
      {
        initProcessEnabled: flag(
          'Whether an init process forwards signals and reaps children. Default: false.',
        ).optional(),
        capabilities: closed(
          {
            add: list(choice(['SYS_PTRACE'], 'The one that Fargate can add.'), {
              from: 1,
              to: 1,
              example: '[SYS_PTRACE]',
              help: 'Added.',
            }).optional(),
            drop: list(
              text({
                what: 'a capability',
                example: 'NET_RAW',
                looks: /^[A-Z_]{2,40}$/,
                help: 'A Linux capability.',
                meant: value => value.toUpperCase().replace(/^CAP_/, ''),
              }),
              { from: 1, to: 50, example: '[ALL]', help: 'Dropped.' },
            ).optional(),
          },
          { example: '{ drop: [NET_RAW] }', help: 'Linux capabilities.' },
        ).optional(),
      },
      { example: '{ initProcessEnabled: true }', help: 'Linux only.' },
    ).optional(),
    dockerLabels: named(anyText('com.example.team', "A label's name."), anyText('shop', 'Its value.'), {
      from: 0,
      to: 100,
      example: '{ com.example.team: shop }',
      help: 'Labels.',
    }).optional(),
    repositoryCredentials: text({
      what: "a secret's ARN",
      example: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-AbCdEf',
      looks: /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/,
      help: 'For an image of a private registry other than ECR: the secret with the user and password.',
    }).optional(),
  },
  { example: '{}', help: 'A container.' },
)

export type ContainerInput = z.input<typeof container>
