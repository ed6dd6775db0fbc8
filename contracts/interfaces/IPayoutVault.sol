// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A vault that pays each payout number at most once.
/// @notice Three ways out, one bitmap: the operator's batches below its cap, payouts that approvers signed, and
/// claims that a player brings with the operator's voucher. A number is consumed before any call leaves the vault.
///
/// A number's bits 60 and 61 name its series: 0 push (`payBatch`), 1 signed (`payApproved`), 2 claim (`claim`).
/// Each way out accepts its own series only. The native coin is `address(0)`; amounts are in the asset's minor unit.
interface IPayoutVault {
    // ---------------------------------------------------------------- types

    /// @notice What approvers sign, by EIP-712, as `Payout(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)`.
    /// @param validUntil last second (Unix) at which the payout may execute
    struct Payout {
        uint256 number;
        address asset;
        address to;
        uint256 amount;
        uint64 validUntil;
    }

    /// @notice What the operator signs for a player to bring, as `Claim(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)`.
    struct Claim {
        uint256 number;
        address asset;
        address to;
        uint256 amount;
        uint64 validUntil;
    }

    /// @notice From `above` on (inclusive), a payout needs `approvals` signatures. Tiers ascend strictly in both.
    struct Tier {
        uint96 above;
        uint8 approvals;
    }

    /// @notice What may leave of one asset. The first tier's `above` is also the operator's cap: the operator alone
    /// pays amounts strictly below it.
    /// @param bucketCapacity the most that the operator can pay at once, by batches and claims together
    /// @param bucketRefill what the bucket regains per second
    /// @param tiers none means that nothing can be paid of this asset
    struct Limits {
        uint96 bucketCapacity;
        uint96 bucketRefill;
        Tier[] tiers;
    }

    /// @notice Limits that hold from deployment on.
    struct AssetLimits {
        address asset;
        Limits limits;
    }

    // ---------------------------------------------------------------- events

    /// @notice A batch of `count` numbers from `first` was consumed; `paid` left the vault, `credited` is owed to payees
    /// that refused (one `PayoutCredited` each). Zero words are counted and pay nothing.
    event BatchPaid(address indexed asset, uint256 indexed first, uint256 count, uint256 paid, uint256 credited);
    /// @notice The payee of a batch or of an approved payout refused, or spent more than its gas: the vault owes it now.
    event PayoutCredited(address indexed asset, uint256 indexed number, address indexed to, uint256 amount);
    event ApprovedPaid(uint256 indexed number, address indexed asset, address indexed to, uint256 amount);
    event Claimed(uint256 indexed number, address indexed asset, address indexed to, uint256 amount);
    event NumberClosed(uint256 indexed number, address indexed by);
    event CreditWithdrawn(address indexed asset, address indexed payee, address indexed to, uint256 amount);
    event Funded(address indexed from, uint256 amount);
    event Swept(address indexed asset, address indexed to, uint256 amount);
    event OperatorChanged(address indexed previous, address indexed current);
    event GuardianChanged(address indexed previous, address indexed current);
    event PausedBy(address indexed by);
    event ResumedBy(address indexed by);
    event LimitsScheduled(address indexed asset, Limits limits, uint64 effectiveAt);
    event LimitsChanged(address indexed asset, Limits limits);
    event ApproversScheduled(address[] approvers, uint64 effectiveAt);
    event ApproversChanged(address[] approvers);
    event ChangeCancelled(bytes32 indexed change);

    // ---------------------------------------------------------------- errors

    error NotOperator(address caller);
    /// @dev The owner may do what the guardian may.
    error NotGuardian(address caller);
    error OwnershipCannotBeRenounced();
    error InvalidDelay(uint64 delay);
    error VaultPaused();
    error WrongSeries(uint256 number);
    error NumberAlreadyConsumed(uint256 number);
    error EmptyBatch();
    error ZeroAddress();
    error ZeroAmount();
    error PayeeIsVault();
    error AmountNotBelowCap(uint256 number, uint256 amount, uint256 cap);
    error BucketExhausted(address asset, uint256 wanted, uint256 available);
    /// @dev No limits were ever set, or the last ones have no tiers.
    error AssetNotEnabled(address asset);
    /// @dev An ERC-20 asset without code would take every call as a success.
    error NotAToken(address asset);
    /// @dev A payee failed when too little gas was left to know that it failed by itself. Send more gas.
    error NotEnoughGas();
    error PayeeRefused(address asset, address to);
    error InsufficientVaultBalance(address asset, uint256 wanted, uint256 available);
    error Expired(uint64 validUntil);
    error SignatureCountMismatch(uint256 signers, uint256 signatures);
    error TooFewApprovals(uint256 given, uint256 required);
    error SignersNotSorted(address previous, address current);
    error NotApprover(address signer);
    error BadSignature(address signer);
    error InvalidLimits();
    error InvalidApprovers();
    error NothingScheduled(bytes32 change);
    error TooEarly(uint64 effectiveAt);
    error NothingOwed(address asset, address payee);
    error WithdrawFailed(address asset, address to);

    // ---------------------------------------------------------------- ways out

    /// @notice Pays `entries[i]` (`address to << 96 | uint96 amount`) under number `first + i`. Operator only.
    /// A zero word closes its number. A payee that refuses, or spends more than its gas, becomes a credit.
    /// @dev Reverts as a whole when any number is consumed, any amount is at or above the cap, or the bucket or the
    /// balance (less what is owed) does not cover the total.
    function payBatch(address asset, uint256 first, uint256[] calldata entries) external;

    /// @notice Pays what approvers signed. Operator only; the bucket does not bound it. A payee that refuses becomes a
    /// credit, so the payout is over either way: one `ApprovedPaid` or one `PayoutCredited`.
    /// @dev An amount below the first tier needs the first tier's approvals here, or the operator could walk around its bucket.
    /// @param signers ascending, without duplicates, each an approver (an account or an ERC-1271 contract)
    /// @param signatures one for each signer, in the same order
    function payApproved(Payout calldata payout, address[] calldata signers, bytes[] calldata signatures) external;

    /// @notice Pays a claim that the operator signed. Anybody may bring it; it always pays `voucher.to`.
    /// It draws on the same cap and bucket as batches do, and a new operator voids it.
    /// @dev Reverts when the payee refuses: nothing is consumed then, and it can be brought again until it expires.
    function claim(Claim calldata voucher, bytes calldata signature) external;

    /// @notice Consumes numbers without paying: revoked approvals, vouchers taken back. Operator or guardian; works while paused.
    /// @dev Reverts as a whole when one of them is consumed already, so that it never hides that a payout won the race.
    function closeNumbers(uint256[] calldata numbers) external;

    /// @notice Pays the caller all that the vault owes it of `asset`, to an address of the caller's choice. Works while paused.
    function withdrawCredit(address asset, address to) external returns (uint256 amount);

    // ---------------------------------------------------------------- owner and guardian

    /// @notice Immediate; the zero address stops the operator. Owner only.
    function setOperator(address newOperator) external;
    /// @notice Immediate; the zero address leaves the owner alone to pause. Owner only.
    function setGuardian(address newGuardian) external;
    /// @notice Guardian or owner.
    function pause() external;
    /// @notice Owner only.
    function resume() external;
    /// @notice Takes effect at once where nothing is loosened; otherwise waits `delay()`. Owner only.
    /// @dev Loosened means: a larger bucket, a faster refill, or fewer approvals for any amount. Either way it replaces
    /// what was scheduled before for this asset.
    function setLimits(address asset, Limits calldata newLimits) external;
    /// @notice Carries out scheduled limits once their time has come. Owner only.
    function applyLimits(address asset) external;
    /// @notice Takes effect at once where the new set is part of the old one; otherwise waits `delay()`. Owner only.
    /// @dev At most 32. A set smaller than a tier's quorum makes that tier unpayable until approvers are added.
    function setApprovers(address[] calldata newApprovers) external;
    /// @notice Carries out the scheduled approvers once their time has come. Owner only.
    function applyApprovers() external;
    /// @notice Drops a scheduled change: `keccak256(abi.encode("limits", asset))` or `keccak256("approvers")`. Owner or guardian.
    function cancelChange(bytes32 change) external;
    /// @notice Moves what is not owed to payees. Owner only.
    function sweep(address asset, address to, uint256 amount) external;

    // ---------------------------------------------------------------- views

    /// @notice Gas that a payee of the native coin gets; beyond it, it counts as refusing.
    function payeeGas() external view returns (uint256);
    /// @notice Gas that one transfer of a token gets in a batch or an approved payout.
    function tokenGas() external view returns (uint256);
    function operator() external view returns (address);
    function guardian() external view returns (address);
    function paused() external view returns (bool);
    function delay() external view returns (uint64);
    function approvers() external view returns (address[] memory);
    function isApprover(address account) external view returns (bool);
    function limits(address asset) external view returns (Limits memory);
    function scheduledLimits(address asset) external view returns (Limits memory, uint64 effectiveAt);
    function scheduledApprovers() external view returns (address[] memory, uint64 effectiveAt);
    /// @notice Signatures that `amount` of `asset` needs; 0 when the operator alone may pay it, 2^256 - 1 when nobody may.
    function requiredApprovals(address asset, uint256 amount) external view returns (uint256);
    /// @notice What the operator may pay of `asset` now.
    function bucketAvailable(address asset) external view returns (uint256);
    function isConsumed(uint256 number) external view returns (bool);
    /// @notice 256 numbers at once: bit `i` is number `word * 256 + i`.
    function consumedWord(uint256 word) external view returns (uint256);
    function creditOf(address asset, address payee) external view returns (uint256);
    function totalOwed(address asset) external view returns (uint256);
    function domainSeparator() external view returns (bytes32);
}
