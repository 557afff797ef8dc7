import { string } from '@oclif/core/args'

export const personArgument = {
  person: string({ description: 'the handle of a person, like alice', required: true }),
}
