import { expect, test } from 'vitest'
import { accountOfClient, hostFits } from '#domain/access/session-owner'

const account = (host: string) => ({ user: 'alice', host })

test('the most specific host that fits is the account', () => {
  const all = [account('%'), account('10.0.%'), account('10.0.0.7'), account('localhost')]
  expect(accountOfClient('alice', '10.0.0.7', all)).toEqual(account('10.0.0.7'))
  expect(accountOfClient('alice', '10.0.3.1', all)).toEqual(account('10.0.%'))
  expect(accountOfClient('alice', '192.168.0.1', all)).toEqual(account('%'))
  expect(accountOfClient('bob', '10.0.0.7', all)).toBeNull()
})

test('patterns, masks and names', () => {
  expect(hostFits('10.0.0.0/255.255.255.0', '10.0.0.9')).toBe(true)
  expect(hostFits('10.0.0.0/24', '10.0.1.9')).toBe(false)
  expect(hostFits('%.shop.example', 'a.shop.example')).toBe(true)
  expect(hostFits('web_', 'web1')).toBe(true)
  expect(hostFits('10.0.0.7', '10.0.0.70')).toBe(false)
})
