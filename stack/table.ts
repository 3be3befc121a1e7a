/** The table of records: its keys and indexes, named here and nowhere else outside shared/aws/. */

/** The resource as the template has it. `name`: `farguard-<stage>`, by which the command finds it. */
export function tableResource(name: string) {
  return {
    Type: 'AWS::DynamoDB::Table',
    // Records are the only memory of what ran: removing the stack, or a change that replaces the table, must not lose them.
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      AttributeDefinitions: ['pk', 'sk', 'at', 'tagKey', 'digestKey', 'runningKey', 'endedKey'].map(AttributeName => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: keySchema('pk', 'sk'),
      GlobalSecondaryIndexes: [
        index('by-tag', 'tagKey'),
        index('by-digest', 'digestKey'),
        index('by-running', 'runningKey'),
        index('by-ended', 'endedKey'),
      ],
    },
  }
}

/** Only records that have the key are on it. */
function index(IndexName: string, hash: string) {
  return { IndexName, KeySchema: keySchema(hash, 'at'), Projection: { ProjectionType: 'ALL' } }
}

function keySchema(hash: string, range: string) {
  return [
    { AttributeName: hash, KeyType: 'HASH' },
    { AttributeName: range, KeyType: 'RANGE' },
  ]
}
