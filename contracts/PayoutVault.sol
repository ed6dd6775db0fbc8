// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPayoutVault} from "./interfaces/IPayoutVault.sol";
import {LimitRules} from "./libraries/LimitRules.sol";
import {Numbers} from "./libraries/Numbers.sol";
import {Payments} from "./libraries/Payments.sol";

/// @title The vault that CoinClicker pays from. `IPayoutVault` says what each function promises.
/// @dev Two things keep a number from being paid twice. Every way out consumes the number before it calls anybody,
/// and all of them share one reentrancy guard, so a payee that calls back in finds both the door and the number closed.
/// No code behind a proxy, no function that makes a consumed number payable again.
contract PayoutVault is IPayoutVault, Ownable2Step, EIP712, ReentrancyGuardTransient {
    using Numbers for Numbers.Consumed;

    /// @dev Two slots for what a batch reads, so that the bucket costs one read and one write, and the rate one read.
    struct AssetState {
        uint96 level; // what the bucket held at `refilledAt`
        uint64 refilledAt;
        uint96 cap; // the operator alone pays below it; 0 while the asset is not enabled
        uint96 capacity;
        uint96 refill;
        uint256 owed;
        Tier[] tiers;
        Limits scheduled;
    }

    bytes32 private constant PAYOUT_TYPEHASH =
        keccak256("Payout(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)");
    bytes32 private constant CLAIM_TYPEHASH =
        keccak256("Claim(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)");
    bytes32 private constant APPROVERS_CHANGE = keccak256("approvers");

    uint256 private constant SERIES_SHIFT = 60;
    uint256 private constant SERIES_PUSH = 0;
    uint256 private constant SERIES_SIGNED = 1;
    uint256 private constant SERIES_CLAIM = 2;

    uint256 private constant AMOUNT_MASK = 0xffffffffffffffffffffffff;
    uint256 private constant AMOUNT_BITS = 96;
    uint256 private constant MAX_APPROVERS = 32;
    uint64 private constant MAX_DELAY = 30 days;

    /// @inheritdoc IPayoutVault
    uint64 public immutable delay;
    /// @inheritdoc IPayoutVault
    address public guardian;
    /// @inheritdoc IPayoutVault
    address public operator;
    /// @inheritdoc IPayoutVault
    bool public paused; // beside the operator: a batch reads both, and reads one slot
    /// @inheritdoc IPayoutVault
    mapping(address account => bool) public isApprover;
    /// @inheritdoc IPayoutVault
    mapping(address asset => mapping(address payee => uint256)) public creditOf;

    Numbers.Consumed private _consumed;
    address[] private _approvers;
    address[] private _nextApprovers;
    mapping(address asset => AssetState) private _assets;
    /// @dev When a scheduled change may be carried out; 0 when none is scheduled, whatever its data still says.
    mapping(bytes32 change => uint64) private _effectiveAt;

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        _;
    }

    modifier onlyGuardianOrOwner() {
        if (msg.sender != guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        _;
    }

    modifier whenNotPaused() {
        if (paused) revert VaultPaused();
        _;
    }

    /// @param initialDelay seconds that a loosening waits; cannot be changed later
    /// @param assets limits that hold at once, each bucket full
    constructor(
        address initialOwner,
        address initialOperator,
        address initialGuardian,
        uint64 initialDelay,
        address[] memory initialApprovers,
        AssetLimits[] memory assets
    ) Ownable(initialOwner) EIP712("CoinClicker PayoutVault", "1") {
        if (initialDelay > MAX_DELAY) revert InvalidDelay(initialDelay);
        delay = initialDelay;
        operator = initialOperator;
        emit OperatorChanged(address(0), initialOperator);
        guardian = initialGuardian;
        emit GuardianChanged(address(0), initialGuardian);
        _checkApprovers(initialApprovers);
        _replaceApprovers(initialApprovers);
        for (uint256 i = 0; i < assets.length; i++) {
            LimitRules.check(assets[i].limits);
            _replaceLimits(assets[i].asset, assets[i].limits);
        }
    }

    receive() external payable {
        // A payment to itself must not pass for one: it fails here, and `payBatch` says why.
        if (msg.sender == address(this)) revert PayeeIsVault();
        emit Funded(msg.sender, msg.value);
    }

    // ---------------------------------------------------------------- ways out

    /// @inheritdoc IPayoutVault
    function payBatch(address asset, uint256 first, uint256[] calldata entries)
        external
        onlyOperator
        whenNotPaused
        nonReentrant
    {
        if (entries.length == 0) revert EmptyBatch();
        _consume(first, entries.length, SERIES_PUSH);
        uint256 cap = _assets[asset].cap;
        uint256 available = _available(asset);
        (uint256 total, uint256[] memory unpaid) = asset == address(0)
            ? Payments.payNativeEntries(cap, entries)
            : Payments.payTokenEntries(asset, cap, entries);
        // Gas only shrinks: if this is enough, whoever refused had all its gas.
        bool enoughGas = gasleft() >= Payments.enoughGas(asset == address(0) ? Payments.PAYEE_GAS : Payments.TOKEN_GAS);
        // From here on it either holds as a whole or never happened.
        uint256 credited;
        for (uint256 i = 0; i < unpaid.length; i++) {
            uint256 entry = entries[unpaid[i]];
            if (entry == 0) continue; // only closes its number
            uint256 number = first + unpaid[i];
            address to = address(uint160(entry >> AMOUNT_BITS));
            uint256 amount = entry & AMOUNT_MASK;
            _checkPayee(to, amount);
            if (amount >= cap) revert AmountNotBelowCap(number, amount, cap);
            if (!enoughGas) revert NotEnoughGas();
            credited += amount;
            _credit(asset, number, to, amount);
        }
        if (total > available) revert InsufficientVaultBalance(asset, total, available);
        _drawFromBucket(asset, total);
        emit BatchPaid(asset, first, entries.length, total - credited, credited);
    }

    /// @inheritdoc IPayoutVault
    function payApproved(Payout calldata payout, address[] calldata signers, bytes[] calldata signatures)
        external
        onlyOperator
        whenNotPaused
        nonReentrant
    {
        _consume(payout.number, 1, SERIES_SIGNED);
        _checkTransfer(payout.to, payout.amount, payout.validUntil);
        _checkApprovals(payout, signers, signatures);
        _requireBalance(payout.asset, payout.amount);
        uint256 gasLimit = payout.asset == address(0) ? Payments.PAYEE_GAS : Payments.TOKEN_GAS;
        if (Payments.send(payout.asset, payout.to, payout.amount, gasLimit)) {
            emit ApprovedPaid(payout.number, payout.asset, payout.to, payout.amount);
        } else {
            if (gasleft() < Payments.enoughGas(gasLimit)) revert NotEnoughGas();
            _credit(payout.asset, payout.number, payout.to, payout.amount);
        }
    }

    /// @inheritdoc IPayoutVault
    function claim(Claim calldata voucher, bytes calldata signature) external whenNotPaused nonReentrant {
        _consume(voucher.number, 1, SERIES_CLAIM);
        _checkTransfer(voucher.to, voucher.amount, voucher.validUntil);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CLAIM_TYPEHASH, voucher.number, voucher.asset, voucher.to, voucher.amount, voucher.validUntil
                )
            )
        );
        address signer = operator;
        // No signature recovers to the zero address, so a stopped operator signs nothing.
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) revert BadSignature(signer);
        uint256 cap = _assets[voucher.asset].cap;
        if (voucher.amount >= cap) revert AmountNotBelowCap(voucher.number, voucher.amount, cap);
        _drawFromBucket(voucher.asset, voucher.amount);
        _requireBalance(voucher.asset, voucher.amount);
        if (!Payments.send(voucher.asset, voucher.to, voucher.amount, gasleft())) {
            revert PayeeRefused(voucher.asset, voucher.to);
        }
        emit Claimed(voucher.number, voucher.asset, voucher.to, voucher.amount);
    }

    /// @inheritdoc IPayoutVault
    function closeNumbers(uint256[] calldata numbers) external nonReentrant {
        if (msg.sender != operator && msg.sender != guardian) revert NotOperator(msg.sender);
        if (numbers.length == 0) revert EmptyBatch();
        for (uint256 i = 0; i < numbers.length; i++) {
            uint256 number = numbers[i];
            uint256 series = number >> SERIES_SHIFT;
            if (series > SERIES_CLAIM) revert WrongSeries(number);
            _consume(number, 1, series);
            emit NumberClosed(number, msg.sender);
        }
    }

    /// @inheritdoc IPayoutVault
    function withdrawCredit(address asset, address to) external nonReentrant returns (uint256 amount) {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert PayeeIsVault();
        amount = creditOf[asset][msg.sender];
        if (amount == 0) revert NothingOwed(asset, msg.sender);
        creditOf[asset][msg.sender] = 0;
        _assets[asset].owed -= amount;
        emit CreditWithdrawn(asset, msg.sender, to, amount);
        if (!Payments.send(asset, to, amount, gasleft())) revert WithdrawFailed(asset, to);
    }

    // ---------------------------------------------------------------- owner and guardian

    /// @inheritdoc IPayoutVault
    function setOperator(address newOperator) external onlyOwner {
        address previous = operator;
        operator = newOperator;
        emit OperatorChanged(previous, newOperator);
    }

    /// @inheritdoc IPayoutVault
    function setGuardian(address newGuardian) external onlyOwner {
        address previous = guardian;
        guardian = newGuardian;
        emit GuardianChanged(previous, newGuardian);
    }

    /// @inheritdoc IPayoutVault
    function pause() external onlyGuardianOrOwner {
        paused = true;
        emit PausedBy(msg.sender);
    }

    /// @inheritdoc IPayoutVault
    function resume() external onlyOwner {
        paused = false;
        emit ResumedBy(msg.sender);
    }

    /// @inheritdoc IPayoutVault
    function setLimits(address asset, Limits calldata newLimits) external onlyOwner {
        LimitRules.check(newLimits);
        bytes32 change = _limitsChange(asset);
        if (LimitRules.loosens(_limits(asset), newLimits)) {
            _assets[asset].scheduled = newLimits;
            emit LimitsScheduled(asset, newLimits, _schedule(change));
        } else {
            _dropScheduled(change);
            _replaceLimits(asset, newLimits);
        }
    }

    /// @inheritdoc IPayoutVault
    function applyLimits(address asset) external onlyOwner {
        _takeScheduled(_limitsChange(asset));
        _replaceLimits(asset, _assets[asset].scheduled);
    }

    /// @inheritdoc IPayoutVault
    function setApprovers(address[] calldata newApprovers) external onlyOwner {
        _checkApprovers(newApprovers);
        bool adds = false;
        for (uint256 i = 0; i < newApprovers.length; i++) {
            if (!isApprover[newApprovers[i]]) adds = true;
        }
        if (adds) {
            _nextApprovers = newApprovers;
            emit ApproversScheduled(newApprovers, _schedule(APPROVERS_CHANGE));
        } else {
            _dropScheduled(APPROVERS_CHANGE);
            _replaceApprovers(newApprovers);
        }
    }

    /// @inheritdoc IPayoutVault
    function applyApprovers() external onlyOwner {
        _takeScheduled(APPROVERS_CHANGE);
        _replaceApprovers(_nextApprovers);
    }

    /// @inheritdoc IPayoutVault
    function cancelChange(bytes32 change) external onlyGuardianOrOwner {
        if (_effectiveAt[change] == 0) revert NothingScheduled(change);
        _dropScheduled(change);
    }

    /// @inheritdoc IPayoutVault
    function sweep(address asset, address to, uint256 amount) external onlyOwner nonReentrant {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert PayeeIsVault();
        _requireBalance(asset, amount);
        emit Swept(asset, to, amount);
        if (!Payments.send(asset, to, amount, gasleft())) revert WithdrawFailed(asset, to);
    }

    /// @dev A vault without an owner could never again be paused for good, tightened or emptied.
    function renounceOwnership() public pure override {
        revert OwnershipCannotBeRenounced();
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IPayoutVault
    function payeeGas() external pure returns (uint256) {
        return Payments.PAYEE_GAS;
    }

    /// @inheritdoc IPayoutVault
    function tokenGas() external pure returns (uint256) {
        return Payments.TOKEN_GAS;
    }

    /// @inheritdoc IPayoutVault
    function approvers() external view returns (address[] memory) {
        return _approvers;
    }

    /// @inheritdoc IPayoutVault
    function scheduledApprovers() external view returns (address[] memory next, uint64 effectiveAt) {
        effectiveAt = _effectiveAt[APPROVERS_CHANGE];
        if (effectiveAt != 0) next = _nextApprovers;
    }

    /// @inheritdoc IPayoutVault
    function limits(address asset) external view returns (Limits memory) {
        return _limits(asset);
    }

    /// @inheritdoc IPayoutVault
    function scheduledLimits(address asset) external view returns (Limits memory next, uint64 effectiveAt) {
        effectiveAt = _effectiveAt[_limitsChange(asset)];
        if (effectiveAt != 0) next = _assets[asset].scheduled;
    }

    /// @inheritdoc IPayoutVault
    function requiredApprovals(address asset, uint256 amount) external view returns (uint256) {
        Tier[] memory tiers = _assets[asset].tiers;
        return tiers.length == 0 ? type(uint256).max : LimitRules.approvalsFor(tiers, amount);
    }

    /// @inheritdoc IPayoutVault
    function bucketAvailable(address asset) external view returns (uint256) {
        return _bucketLevel(_assets[asset]);
    }

    /// @inheritdoc IPayoutVault
    function isConsumed(uint256 number) external view returns (bool) {
        return (_consumed.wordOf(number >> 8) >> (number & 0xff)) & 1 == 1;
    }

    /// @inheritdoc IPayoutVault
    function consumedWord(uint256 word) external view returns (uint256 bits) {
        return _consumed.wordOf(word);
    }

    /// @inheritdoc IPayoutVault
    function totalOwed(address asset) external view returns (uint256) {
        return _assets[asset].owed;
    }

    /// @inheritdoc IPayoutVault
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---------------------------------------------------------------- numbers

    function _consume(uint256 first, uint256 count, uint256 series) private {
        if (first >> SERIES_SHIFT != series) revert WrongSeries(first);
        uint256 last = first + count - 1;
        if (last >> SERIES_SHIFT != series) revert WrongSeries(last);
        _consumed.consume(first, count);
    }

    // ---------------------------------------------------------------- checks

    function _checkTransfer(address to, uint256 amount, uint64 validUntil) private view {
        if (block.timestamp > validUntil) revert Expired(validUntil);
        _checkPayee(to, amount);
    }

    function _checkPayee(address to, uint256 amount) private view {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert PayeeIsVault();
        if (amount == 0) revert ZeroAmount();
    }

    function _checkApprovals(Payout calldata payout, address[] calldata signers, bytes[] calldata signatures)
        private
        view
    {
        Tier[] memory tiers = _assets[payout.asset].tiers;
        if (tiers.length == 0) revert AssetNotEnabled(payout.asset);
        uint256 required = LimitRules.approvalsFor(tiers, payout.amount);
        if (required == 0) required = tiers[0].approvals;
        if (signers.length != signatures.length) revert SignatureCountMismatch(signers.length, signatures.length);
        if (signers.length < required) revert TooFewApprovals(signers.length, required);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(PAYOUT_TYPEHASH, payout.number, payout.asset, payout.to, payout.amount, payout.validUntil)
            )
        );
        address previous = address(0);
        for (uint256 i = 0; i < signers.length; i++) {
            address signer = signers[i];
            if (signer <= previous) revert SignersNotSorted(previous, signer);
            if (!isApprover[signer]) revert NotApprover(signer);
            if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signatures[i])) {
                revert BadSignature(signer);
            }
            previous = signer;
        }
    }

    /// @dev What is owed to payees is not there for anybody else.
    function _available(address asset) private view returns (uint256) {
        uint256 balance;
        if (asset == address(0)) {
            balance = address(this).balance;
        } else {
            if (asset.code.length == 0) revert NotAToken(asset);
            balance = IERC20(asset).balanceOf(address(this));
        }
        uint256 owed = _assets[asset].owed;
        return balance > owed ? balance - owed : 0;
    }

    function _requireBalance(address asset, uint256 wanted) private view {
        uint256 available = _available(asset);
        if (wanted > available) revert InsufficientVaultBalance(asset, wanted, available);
    }

    // ---------------------------------------------------------------- bucket and limits

    function _limits(address asset) private view returns (Limits memory) {
        AssetState storage state = _assets[asset];
        return Limits({bucketCapacity: state.capacity, bucketRefill: state.refill, tiers: state.tiers});
    }

    function _bucketLevel(AssetState storage state) private view returns (uint256) {
        uint256 level = state.level + (block.timestamp - state.refilledAt) * state.refill;
        return level < state.capacity ? level : state.capacity;
    }

    function _drawFromBucket(address asset, uint256 amount) private {
        AssetState storage state = _assets[asset];
        uint256 available = _bucketLevel(state);
        if (amount > available) revert BucketExhausted(asset, amount, available);
        state.level = uint96(available - amount);
        state.refilledAt = uint64(block.timestamp);
    }

    function _replaceLimits(address asset, Limits memory next) private {
        AssetState storage state = _assets[asset];
        // A newly enabled asset starts with a full bucket; otherwise what was drawn stays drawn.
        uint256 level = state.tiers.length == 0 ? next.bucketCapacity : _bucketLevel(state);
        state.level = uint96(level < next.bucketCapacity ? level : next.bucketCapacity);
        state.refilledAt = uint64(block.timestamp);
        state.capacity = next.bucketCapacity;
        state.refill = next.bucketRefill;
        state.cap = next.tiers.length == 0 ? 0 : next.tiers[0].above;
        state.tiers = next.tiers;
        emit LimitsChanged(asset, next);
    }

    // ---------------------------------------------------------------- approvers

    function _checkApprovers(address[] memory next) private pure {
        if (next.length > MAX_APPROVERS) revert InvalidApprovers();
        for (uint256 i = 0; i < next.length; i++) {
            if (next[i] == address(0)) revert InvalidApprovers();
            for (uint256 j = 0; j < i; j++) {
                if (next[j] == next[i]) revert InvalidApprovers();
            }
        }
    }

    function _replaceApprovers(address[] memory next) private {
        address[] memory old = _approvers;
        for (uint256 i = 0; i < old.length; i++) {
            isApprover[old[i]] = false;
        }
        for (uint256 i = 0; i < next.length; i++) {
            isApprover[next[i]] = true;
        }
        _approvers = next;
        emit ApproversChanged(next);
    }

    // ---------------------------------------------------------------- scheduled changes

    function _limitsChange(address asset) private pure returns (bytes32) {
        return keccak256(abi.encode("limits", asset));
    }

    function _schedule(bytes32 change) private returns (uint64 effectiveAt) {
        effectiveAt = uint64(block.timestamp) + delay;
        _effectiveAt[change] = effectiveAt;
    }

    function _takeScheduled(bytes32 change) private {
        uint64 effectiveAt = _effectiveAt[change];
        if (effectiveAt == 0) revert NothingScheduled(change);
        if (block.timestamp < effectiveAt) revert TooEarly(effectiveAt);
        delete _effectiveAt[change];
    }

    function _dropScheduled(bytes32 change) private {
        if (_effectiveAt[change] == 0) return;
        delete _effectiveAt[change];
        emit ChangeCancelled(change);
    }

    // ---------------------------------------------------------------- payments

    function _credit(address asset, uint256 number, address to, uint256 amount) private {
        creditOf[asset][to] += amount;
        _assets[asset].owed += amount;
        emit PayoutCredited(asset, number, to, amount);
    }
}
