import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '#domain/audit/canonical'
import { leafHash, MerkleTree } from '#domain/audit/merkle'

// The leaves and roots of Certificate Transparency's reference tests (RFC 6962 trees of 1 to 8).
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('the roots of RFC 6962', () => {
  const tree = new MerkleTree()
  expect(tree.root().toString('hex')).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  const roots = LEAVES.map(leaf => {
    tree.append(Buffer.from(leaf, 'hex'))
    return tree.root().toString('hex')
  })
  expect(roots).toEqual(ROOTS)
})

/** The definition of the RFC, word for word. */
function rootOf(leaves: Buffer[]): Buffer {
  const [only] = leaves
  if (!only) return sha256()
  if (leaves.length === 1) return leafHash(only)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}

test('a tree of any size is as the definition says', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 70 }), leaves => {
      const tree = new MerkleTree()
      for (const leaf of leaves) tree.append(leaf)
      expect(tree.root()).toEqual(rootOf(leaves.map(leaf => Buffer.from(leaf))))
    }),
  )
})
