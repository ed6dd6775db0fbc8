// Written by `npm run contracts` from the contracts; a test keeps it fresh.

/** Where the contracts lie on every local chain. */
export const localContracts = {
  vault: "0x0165878A594ca255338adfa4d48449f69242Eb8F",
  token: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
  registry: "0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019",
  ftso: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
  wnat: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
  refusingPayee: "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
} as const;

/** The vault, its events and its errors. */
export const payoutVaultAbi = [
  {
    inputs: [
      { name: "number", type: "uint256" },
      { name: "amount", type: "uint256" },
      { name: "cap", type: "uint256" },
    ],
    name: "AmountNotBelowCap",
    type: "error",
  },
  { inputs: [{ name: "asset", type: "address" }], name: "AssetNotEnabled", type: "error" },
  { inputs: [{ name: "signer", type: "address" }], name: "BadSignature", type: "error" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "wanted", type: "uint256" },
      { name: "available", type: "uint256" },
    ],
    name: "BucketExhausted",
    type: "error",
  },
  { inputs: [], name: "EmptyBatch", type: "error" },
  { inputs: [{ name: "validUntil", type: "uint64" }], name: "Expired", type: "error" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "wanted", type: "uint256" },
      { name: "available", type: "uint256" },
    ],
    name: "InsufficientVaultBalance",
    type: "error",
  },
  { inputs: [], name: "InvalidApprovers", type: "error" },
  { inputs: [{ name: "delay", type: "uint64" }], name: "InvalidDelay", type: "error" },
  { inputs: [], name: "InvalidLimits", type: "error" },
  { inputs: [], name: "InvalidShortString", type: "error" },
  { inputs: [{ name: "asset", type: "address" }], name: "NotAToken", type: "error" },
  { inputs: [{ name: "signer", type: "address" }], name: "NotApprover", type: "error" },
  { inputs: [], name: "NotEnoughGas", type: "error" },
  { inputs: [{ name: "caller", type: "address" }], name: "NotGuardian", type: "error" },
  { inputs: [{ name: "caller", type: "address" }], name: "NotOperator", type: "error" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "payee", type: "address" },
    ],
    name: "NothingOwed",
    type: "error",
  },
  { inputs: [{ name: "change", type: "bytes32" }], name: "NothingScheduled", type: "error" },
  { inputs: [{ name: "number", type: "uint256" }], name: "NumberAlreadyConsumed", type: "error" },
  { inputs: [{ name: "owner", type: "address" }], name: "OwnableInvalidOwner", type: "error" },
  { inputs: [{ name: "account", type: "address" }], name: "OwnableUnauthorizedAccount", type: "error" },
  { inputs: [], name: "OwnershipCannotBeRenounced", type: "error" },
  { inputs: [], name: "PayeeIsVault", type: "error" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "to", type: "address" },
    ],
    name: "PayeeRefused",
    type: "error",
  },
  { inputs: [], name: "ReentrancyGuardReentrantCall", type: "error" },
  {
    inputs: [
      { name: "signers", type: "uint256" },
      { name: "signatures", type: "uint256" },
    ],
    name: "SignatureCountMismatch",
    type: "error",
  },
  {
    inputs: [
      { name: "previous", type: "address" },
      { name: "current", type: "address" },
    ],
    name: "SignersNotSorted",
    type: "error",
  },
  { inputs: [{ name: "str", type: "string" }], name: "StringTooLong", type: "error" },
  { inputs: [{ name: "effectiveAt", type: "uint64" }], name: "TooEarly", type: "error" },
  {
    inputs: [
      { name: "given", type: "uint256" },
      { name: "required", type: "uint256" },
    ],
    name: "TooFewApprovals",
    type: "error",
  },
  { inputs: [], name: "VaultPaused", type: "error" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "to", type: "address" },
    ],
    name: "WithdrawFailed",
    type: "error",
  },
  { inputs: [{ name: "number", type: "uint256" }], name: "WrongSeries", type: "error" },
  { inputs: [], name: "ZeroAddress", type: "error" },
  { inputs: [], name: "ZeroAmount", type: "error" },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "number", type: "uint256" },
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "ApprovedPaid",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: false, name: "approvers", type: "address[]" }],
    name: "ApproversChanged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: false, name: "approvers", type: "address[]" },
      { indexed: false, name: "effectiveAt", type: "uint64" },
    ],
    name: "ApproversScheduled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "first", type: "uint256" },
      { indexed: false, name: "count", type: "uint256" },
      { indexed: false, name: "paid", type: "uint256" },
      { indexed: false, name: "credited", type: "uint256" },
    ],
    name: "BatchPaid",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: "change", type: "bytes32" }],
    name: "ChangeCancelled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "number", type: "uint256" },
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "Claimed",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "payee", type: "address" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "CreditWithdrawn",
    type: "event",
  },
  { anonymous: false, inputs: [], name: "EIP712DomainChanged", type: "event" },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "from", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "Funded",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "previous", type: "address" },
      { indexed: true, name: "current", type: "address" },
    ],
    name: "GuardianChanged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      {
        components: [
          { name: "bucketCapacity", type: "uint96" },
          { name: "bucketRefill", type: "uint96" },
          {
            components: [
              { name: "above", type: "uint96" },
              { name: "approvals", type: "uint8" },
            ],
            name: "tiers",
            type: "tuple[]",
          },
        ],
        indexed: false,
        name: "limits",
        type: "tuple",
      },
    ],
    name: "LimitsChanged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      {
        components: [
          { name: "bucketCapacity", type: "uint96" },
          { name: "bucketRefill", type: "uint96" },
          {
            components: [
              { name: "above", type: "uint96" },
              { name: "approvals", type: "uint8" },
            ],
            name: "tiers",
            type: "tuple[]",
          },
        ],
        indexed: false,
        name: "limits",
        type: "tuple",
      },
      { indexed: false, name: "effectiveAt", type: "uint64" },
    ],
    name: "LimitsScheduled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "number", type: "uint256" },
      { indexed: true, name: "by", type: "address" },
    ],
    name: "NumberClosed",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "previous", type: "address" },
      { indexed: true, name: "current", type: "address" },
    ],
    name: "OperatorChanged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "previousOwner", type: "address" },
      { indexed: true, name: "newOwner", type: "address" },
    ],
    name: "OwnershipTransferStarted",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "previousOwner", type: "address" },
      { indexed: true, name: "newOwner", type: "address" },
    ],
    name: "OwnershipTransferred",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: "by", type: "address" }],
    name: "PausedBy",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "number", type: "uint256" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "PayoutCredited",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: "by", type: "address" }],
    name: "ResumedBy",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "asset", type: "address" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "amount", type: "uint256" },
    ],
    name: "Swept",
    type: "event",
  },
  { inputs: [], name: "acceptOwnership", outputs: [], stateMutability: "nonpayable", type: "function" },
  { inputs: [], name: "applyApprovers", outputs: [], stateMutability: "nonpayable", type: "function" },
  {
    inputs: [{ name: "asset", type: "address" }],
    name: "applyLimits",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "approvers",
    outputs: [{ name: "", type: "address[]" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "asset", type: "address" }],
    name: "bucketAvailable",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "change", type: "bytes32" }],
    name: "cancelChange",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      {
        components: [
          { name: "number", type: "uint256" },
          { name: "asset", type: "address" },
          { name: "to", type: "address" },
          { name: "amount", type: "uint256" },
          { name: "validUntil", type: "uint64" },
        ],
        name: "voucher",
        type: "tuple",
      },
      { name: "signature", type: "bytes" },
    ],
    name: "claim",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ name: "numbers", type: "uint256[]" }],
    name: "closeNumbers",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ name: "word", type: "uint256" }],
    name: "consumedWord",
    outputs: [{ name: "bits", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "payee", type: "address" },
    ],
    name: "creditOf",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "delay",
    outputs: [{ name: "", type: "uint64" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "domainSeparator",
    outputs: [{ name: "", type: "bytes32" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "eip712Domain",
    outputs: [
      { name: "fields", type: "bytes1" },
      { name: "name", type: "string" },
      { name: "version", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
      { name: "salt", type: "bytes32" },
      { name: "extensions", type: "uint256[]" },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "guardian",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "account", type: "address" }],
    name: "isApprover",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "number", type: "uint256" }],
    name: "isConsumed",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "asset", type: "address" }],
    name: "limits",
    outputs: [
      {
        components: [
          { name: "bucketCapacity", type: "uint96" },
          { name: "bucketRefill", type: "uint96" },
          {
            components: [
              { name: "above", type: "uint96" },
              { name: "approvals", type: "uint8" },
            ],
            name: "tiers",
            type: "tuple[]",
          },
        ],
        name: "",
        type: "tuple",
      },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "operator",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "owner",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  { inputs: [], name: "pause", outputs: [], stateMutability: "nonpayable", type: "function" },
  {
    inputs: [],
    name: "paused",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      {
        components: [
          { name: "number", type: "uint256" },
          { name: "asset", type: "address" },
          { name: "to", type: "address" },
          { name: "amount", type: "uint256" },
          { name: "validUntil", type: "uint64" },
        ],
        name: "payout",
        type: "tuple",
      },
      { name: "signers", type: "address[]" },
      { name: "signatures", type: "bytes[]" },
    ],
    name: "payApproved",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "first", type: "uint256" },
      { name: "entries", type: "uint256[]" },
    ],
    name: "payBatch",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "payeeGas",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "pure",
    type: "function",
  },
  {
    inputs: [],
    name: "pendingOwner",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  { inputs: [], name: "renounceOwnership", outputs: [], stateMutability: "pure", type: "function" },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "amount", type: "uint256" },
    ],
    name: "requiredApprovals",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  { inputs: [], name: "resume", outputs: [], stateMutability: "nonpayable", type: "function" },
  {
    inputs: [],
    name: "scheduledApprovers",
    outputs: [
      { name: "next", type: "address[]" },
      { name: "effectiveAt", type: "uint64" },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "asset", type: "address" }],
    name: "scheduledLimits",
    outputs: [
      {
        components: [
          { name: "bucketCapacity", type: "uint96" },
          { name: "bucketRefill", type: "uint96" },
          {
            components: [
              { name: "above", type: "uint96" },
              { name: "approvals", type: "uint8" },
            ],
            name: "tiers",
            type: "tuple[]",
          },
        ],
        name: "next",
        type: "tuple",
      },
      { name: "effectiveAt", type: "uint64" },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "newApprovers", type: "address[]" }],
    name: "setApprovers",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ name: "newGuardian", type: "address" }],
    name: "setGuardian",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { name: "asset", type: "address" },
      {
        components: [
          { name: "bucketCapacity", type: "uint96" },
          { name: "bucketRefill", type: "uint96" },
          {
            components: [
              { name: "above", type: "uint96" },
              { name: "approvals", type: "uint8" },
            ],
            name: "tiers",
            type: "tuple[]",
          },
        ],
        name: "newLimits",
        type: "tuple",
      },
    ],
    name: "setLimits",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ name: "newOperator", type: "address" }],
    name: "setOperator",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "to", type: "address" },
      { name: "amount", type: "uint256" },
    ],
    name: "sweep",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "tokenGas",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "pure",
    type: "function",
  },
  {
    inputs: [{ name: "asset", type: "address" }],
    name: "totalOwed",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "newOwner", type: "address" }],
    name: "transferOwnership",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { name: "asset", type: "address" },
      { name: "to", type: "address" },
    ],
    name: "withdrawCredit",
    outputs: [{ name: "amount", type: "uint256" }],
    stateMutability: "nonpayable",
    type: "function",
  },
  { stateMutability: "payable", type: "receive" },
] as const;

/** What every ERC-20 token has. */
export const erc20Abi = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "owner", type: "address" },
      { indexed: true, name: "spender", type: "address" },
      { indexed: false, name: "value", type: "uint256" },
    ],
    name: "Approval",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: "from", type: "address" },
      { indexed: true, name: "to", type: "address" },
      { indexed: false, name: "value", type: "uint256" },
    ],
    name: "Transfer",
    type: "event",
  },
  {
    inputs: [
      { name: "owner", type: "address" },
      { name: "spender", type: "address" },
    ],
    name: "allowance",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { name: "spender", type: "address" },
      { name: "value", type: "uint256" },
    ],
    name: "approve",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ name: "account", type: "address" }],
    name: "balanceOf",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "decimals",
    outputs: [{ name: "", type: "uint8" }],
    stateMutability: "pure",
    type: "function",
  },
  {
    inputs: [],
    name: "name",
    outputs: [{ name: "", type: "string" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "symbol",
    outputs: [{ name: "", type: "string" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "totalSupply",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
    ],
    name: "transfer",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
    ],
    name: "transferFrom",
    outputs: [{ name: "", type: "bool" }],
    stateMutability: "nonpayable",
    type: "function",
  },
] as const;

/** Flare's registry: contracts' addresses by name, the zero address for an unknown name. */
export const flareContractRegistryAbi = [
  {
    inputs: [],
    name: "getAllContracts",
    outputs: [
      { name: "names", type: "string[]" },
      { name: "accounts", type: "address[]" },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "nameHash", type: "bytes32" }],
    name: "getContractAddressByHash",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "name", type: "string" }],
    name: "getContractAddressByName",
    outputs: [{ name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "nameHashes", type: "bytes32[]" }],
    name: "getContractAddressesByHash",
    outputs: [{ name: "found", type: "address[]" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "names", type: "string[]" }],
    name: "getContractAddressesByName",
    outputs: [{ name: "found", type: "address[]" }],
    stateMutability: "view",
    type: "function",
  },
] as const;

/** Flare's price feeds. */
export const ftsoV2Abi = [
  {
    inputs: [{ name: "feedId", type: "bytes21" }],
    name: "calculateFeeById",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "feedIds", type: "bytes21[]" }],
    name: "calculateFeeByIds",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ name: "feedId", type: "bytes21" }],
    name: "getFeedById",
    outputs: [
      { name: "value", type: "uint256" },
      { name: "decimals", type: "int8" },
      { name: "timestamp", type: "uint64" },
    ],
    stateMutability: "payable",
    type: "function",
  },
  {
    inputs: [{ name: "feedId", type: "bytes21" }],
    name: "getFeedByIdInWei",
    outputs: [
      { name: "value", type: "uint256" },
      { name: "timestamp", type: "uint64" },
    ],
    stateMutability: "payable",
    type: "function",
  },
  {
    inputs: [{ name: "feedIds", type: "bytes21[]" }],
    name: "getFeedsById",
    outputs: [
      { name: "values", type: "uint256[]" },
      { name: "decimals", type: "int8[]" },
      { name: "timestamp", type: "uint64" },
    ],
    stateMutability: "payable",
    type: "function",
  },
  {
    inputs: [{ name: "feedIds", type: "bytes21[]" }],
    name: "getFeedsByIdInWei",
    outputs: [
      { name: "values", type: "uint256[]" },
      { name: "timestamp", type: "uint64" },
    ],
    stateMutability: "payable",
    type: "function",
  },
  {
    inputs: [],
    name: "getFtsoProtocolId",
    outputs: [{ name: "", type: "uint256" }],
    stateMutability: "pure",
    type: "function",
  },
  {
    inputs: [],
    name: "getSupportedFeedIds",
    outputs: [{ name: "", type: "bytes21[]" }],
    stateMutability: "view",
    type: "function",
  },
] as const;

/** The local chain's payee that refuses coins. */
export const refusingPayeeAbi = [
  { inputs: [], name: "NoCoinsPlease", type: "error" },
  {
    inputs: [
      { name: "target", type: "address" },
      { name: "data", type: "bytes" },
    ],
    name: "call",
    outputs: [{ name: "", type: "bytes" }],
    stateMutability: "nonpayable",
    type: "function",
  },
  { stateMutability: "payable", type: "receive" },
] as const;
