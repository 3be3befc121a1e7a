/** STS of the local account: who one is. */
import type * as sdk from '@aws-sdk/client-sts'
import type { AccountContext, AccountService } from './context.ts'

/** Every access key is the same user of the one account: the local account does not check signatures. */
export function createSts(context: AccountContext): AccountService {
  return {
    operations: {
      GetCallerIdentity: (): sdk.GetCallerIdentityResponse => ({
        UserId: 'AIDALOCALACCOUNTUSER0',
        Account: context.accountId,
        Arn: `arn:aws:iam::${context.accountId}:user/local`,
      }),
    },
  }
}
