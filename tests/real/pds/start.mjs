// A real PDS and the directory it registers accounts in, on loopback, until standard input closes.
// usage: node start.mjs FOLDER_WITH_NODE_MODULES DATA_FOLDER PORT
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { randomBytes } from 'node:crypto'

const [installed, data, port] = process.argv.slice(2)
const require = createRequire(`${installed}/`)

// Both servers listen on every interface; there is no setting for it.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (where, ...rest) {
  return listen.call(this, { port: Number(where ?? 0), host: '127.0.0.1' }, ...rest)
}

const { Database, PlcServer } = require('@did-plc/server')
const plc = PlcServer.create({ db: Database.mock(), port: 0 })
const plcServer = await plc.start()

const hex = (bytes) => randomBytes(bytes).toString('hex')
mkdirSync(`${data}/blobs`, { recursive: true })
Object.assign(process.env, {
  PDS_PORT: port,
  PDS_HOSTNAME: 'localhost',
  PDS_DEV_MODE: 'true',
  PDS_INVITE_REQUIRED: 'false',
  PDS_DISABLE_SSRF_PROTECTION: 'true',
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
  PDS_DATA_DIRECTORY: data,
  PDS_BLOBSTORE_DISK_LOCATION: `${data}/blobs`,
  PDS_DID_PLC_URL: `http://127.0.0.1:${plcServer.address().port}`,
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: hex(32),
  PDS_JWT_SECRET: hex(32),
  PDS_DPOP_SECRET: hex(32),
  PDS_ADMIN_PASSWORD: hex(16),
  PDS_CRAWLERS: '',
  LOG_ENABLED: 'false',
})

const { PDS, envToCfg, envToSecrets, readEnv } = require('@atproto/pds')
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
console.log(`http://127.0.0.1:${port}`)

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
