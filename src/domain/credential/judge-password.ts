import {
  contextWords,
  LEAST_LENGTH,
  type PasswordFacts,
  type PasswordPolicy,
  type Weakness,
} from './password-policy.ts'
import { longestRepeat, longestRun } from './sequences.ts'

/** A name of fewer characters may be part of a password by chance. */
const LEAST_NAME = 4

/**
 * Every reason why the policy refuses a password, all at once; empty when it is accepted.
 * A length is counted in code points, as people count characters.
 */
export function judgePassword(
  password: string,
  policy: PasswordPolicy,
  facts: PasswordFacts,
): Weakness[] {
  return [
    ...ofLength(password, policy),
    ...ofCharacters(password, policy),
    ...ofSequences(password, policy),
    ...ofKnowledge(password, policy, facts),
  ]
}

function ofLength(password: string, { minLength, maxLength }: PasswordPolicy): Weakness[] {
  const length = [...password].length
  const least = Math.max(minLength, LEAST_LENGTH)
  return [
    ...weakIf(length < least, 'length', `it has ${length} characters, and needs ${least}`),
    ...weakIf(
      length > maxLength,
      'max_length',
      `it has ${length} characters, and may have ${maxLength}`,
    ),
  ]
}

function ofCharacters(password: string, { requires }: PasswordPolicy): Weakness[] {
  return [
    // Neither fits into an option file or a line of input; both engines' clients stumble.
    ...weakIf(/\p{Cc}/u.test(password), 'characters', 'it holds a control character'),
    ...weakIf(/^\s|\s$/u.test(password), 'characters', 'it begins or ends with a space'),
    ...weakIf(requires.digit && !/\p{Nd}/u.test(password), 'digit', 'it has no digit'),
    ...weakIf(requires.upper && !/\p{Lu}/u.test(password), 'upper', 'it has no capital letter'),
    ...weakIf(requires.lower && !/\p{Ll}/u.test(password), 'lower', 'it has no small letter'),
    ...weakIf(
      requires.special && !/[^\p{L}\p{Nd}\s]/u.test(password),
      'special',
      'it has no special character, like - _ . + !',
    ),
  ]
}

function ofSequences(password: string, { maxRepeat, maxRun }: PasswordPolicy): Weakness[] {
  const repeat = longestRepeat(password)
  const run = longestRun(password)
  const allowed = maxRepeat === 1 ? 'none may repeat' : `${maxRepeat} are allowed`
  return [
    ...weakIf(
      repeat > maxRepeat,
      'repeats',
      `the same character stands ${repeat} times in a row, and ${allowed}`,
    ),
    ...weakIf(
      run > maxRun,
      'runs',
      `it has a run of ${run} neighbours of the alphabet, the digits or the keyboard, and ${maxRun} are allowed`,
    ),
  ]
}

function ofKnowledge(password: string, policy: PasswordPolicy, facts: PasswordFacts): Weakness[] {
  const { score, isBreached, isInHistory, names } = facts
  const lower = password.toLowerCase()
  const own = contextWords(names, policy.words).filter(word => word.length >= LEAST_NAME)
  const holds = own.some(word => lower.includes(word))
  return [
    ...weakIf(holds, 'names', "it holds a name of the account's person or a word of the shop"),
    ...weakIf(
      score < policy.minScore,
      'strength',
      `its strength is ${score} of 4 (zxcvbn), and ${policy.minScore} is needed`,
    ),
    ...weakIf(isBreached, 'breached', 'it is in a list of passwords that attackers try first'),
    ...weakIf(isInHistory, 'history', `it is one of the last ${policy.history} of this person`),
  ]
}

function weakIf(isWeak: boolean, rule: Weakness['rule'], message: string): Weakness[] {
  return isWeak ? [{ rule, message }] : []
}
