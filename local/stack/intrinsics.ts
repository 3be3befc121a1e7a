/** CloudFormation's intrinsic functions, as far as the stack uses them. What is not known is an error by its name. */

export interface Values {
  /** What `Ref` gives for a logical id or a pseudo parameter. */
  ref(name: string): string
  /** What `Fn::GetAtt` gives. */
  attribute(logicalId: string, attribute: string): string
}

/** The value with every Ref and Fn:: in it resolved. Throws Error with the name of what it can't resolve. */
export function resolve(value: unknown, values: Values): unknown {
  if (Array.isArray(value)) return value.map(member => resolve(member, values))
  if (typeof value !== 'object' || value === null) return value
  const [[key = '', argument] = [], ...others] = Object.entries(value)
  if (others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) return intrinsic(key, argument, values)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member, values)]))
}

function intrinsic(name: string, argument: unknown, values: Values): string {
  switch (name) {
    case 'Ref':
      return values.ref(String(argument))
    case 'Fn::GetAtt': {
      const [logicalId = '', ...attribute] = Array.isArray(argument) ? argument : String(argument).split('.')
      return values.attribute(logicalId, attribute.join('.'))
    }
    case 'Fn::Sub':
      return substitute(argument, values)
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]]
      return (resolve(parts, values) as unknown[]).join(separator)
    }
    default:
      throw new Error(`The local account does not know CloudFormation's ${name}.`)
  }
}

function substitute(argument: unknown, values: Values): string {
  const [text, own = {}] = Array.isArray(argument) ? argument : [argument]
  return String(text).replace(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal) return whole.replace('!', '')
    if (Object.hasOwn(own, name)) return String(resolve(own[name], values))
    const [logicalId = '', ...attribute] = name.split('.')
    return attribute.length > 0 ? values.attribute(logicalId, attribute.join('.')) : values.ref(name)
  })
}
