// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {FalseToken} from "../mocks/Tokens.sol";
import {Base, Vault} from "./Base.t.sol";

/// @dev A payee that takes its coins, refuses, burns gas, bombs, or calls back in, as it is told.
contract ShiftingPayee {
    enum Mood {
        Takes,
        Refuses,
        Burns,
        Bombs,
        Reenters
    }

    Mood public mood;
    address private _target;
    bytes private _first;
    bytes private _second;

    function become(Mood mood_, address target, bytes calldata first, bytes calldata second) external {
        (mood, _target, _first, _second) = (mood_, target, first, second);
    }

    receive() external payable {
        if (mood == Mood.Refuses) revert("no");
        if (mood == Mood.Burns) while (true) {}
        if (mood == Mood.Bombs) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
        if (mood == Mood.Reenters) {
            (bool ok,) = _target.call(_first);
            (ok,) = _target.call(_second);
        }
    }
}

/// @dev Does what anybody could do, in any order, and keeps books of its own.
contract Handler is Base {
    struct Books {
        uint256 promised; // paid or credited, by whichever way
        uint256 byOperator; // of that, by the operator alone
        uint256 allowance; // what the bucket ever held plus what it ever regained
        uint256 swept;
        uint256 funded;
    }

    FalseToken public odd;
    ShiftingPayee public shifting;
    address[5] public payees;
    mapping(address asset => Books) public books;
    mapping(uint256 number => uint256) public timesConsumed;
    mapping(bytes32 action => uint256) public succeeded;
    bool public consumedTwice;
    uint256 private _countedAt;
    uint256 private _nextVoucher;
    uint256 private _nextNumber = 1;

    function start() external {
        setUp();
        odd = new FalseToken();
        shifting = new ShiftingPayee();
        payees = [payee_(1), payee_(2), payee_(3), address(shifting), address(odd)];
        enable(address(odd));
        odd.mint(address(vault), FUNDS);
        books[NATIVE] = Books(0, 0, CAPACITY, 0, FUNDS);
        books[address(odd)] = Books(0, 0, CAPACITY, 0, FUNDS);
        _countedAt = block.timestamp;
    }

    function theVault() external view returns (Vault) {
        return vault;
    }

    // ------------------------------------------------------------ what anybody does

    function batch(uint256 seed, uint256[6] calldata draws) external {
        address asset = assetOf(seed);
        // Half of them go on where the last one ended, as the operator's do.
        uint256 first = (seed >> 8) % 2 == 0 ? _nextNumber : (seed >> 9) % 600;
        uint256[] memory entries = new uint256[](1 + (seed >> 24) % 6);
        uint256 total;
        for (uint256 i = 0; i < entries.length; i++) {
            if (draws[i] % 7 == 0) continue;
            uint256 amount = 1 + (draws[i] >> 8) % (CAP - 1);
            total += amount;
            entries[i] = word(payees[(draws[i] >> 4) % 5], amount);
        }
        vm.prank(operator);
        try vault.payBatch(asset, first, entries) {
            for (uint256 i = 0; i < entries.length; i++) {
                consumed(first + i);
            }
            if (first + entries.length > _nextNumber) _nextNumber = first + entries.length;
            promised(asset, total, true);
            succeeded["batch"]++;
        } catch {}
    }

    function approved(uint256 seed, uint256 amount) external {
        IPayoutVault.Payout memory payout =
            payoutOf(SIGNED + (seed >> 8) % 20, assetOf(seed), payees[(seed >> 4) % 5], 1 + amount % 20_000 ether);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 1 + (seed >> 16) % 4);
        vm.prank(operator);
        try vault.payApproved(payout, signers, signatures) {
            consumed(payout.number);
            promised(payout.asset, payout.amount, false);
            succeeded["approved"]++;
        } catch {}
    }

    function claim(uint256 seed, uint256 amount) external {
        IPayoutVault.Claim memory voucher =
            claimOf(CLAIM + (seed >> 8) % 20, assetOf(seed), payees[(seed >> 4) % 5], 1 + amount % (2 * CAP));
        try vault.claim{gas: 3_000_000}(voucher, signVoucher(voucher)) {
            consumed(voucher.number);
            promised(voucher.asset, voucher.amount, true);
            succeeded["claim"]++;
        } catch {}
    }

    function close(uint256 seed) external {
        uint256 number = ((seed >> 8) % 3) << 60 | (seed >> 16) % 30;
        vm.prank(seed % 2 == 0 ? operator : GUARDIAN);
        try vault.closeNumbers(one(number)) {
            consumed(number);
            succeeded["close"]++;
        } catch {}
    }

    function withdraw(uint256 seed) external {
        address payee = payees[seed % 5];
        vm.prank(payee);
        try vault.withdrawCredit{gas: 3_000_000}(assetOf(seed >> 4), payees[(seed >> 8) % 5]) {
            succeeded["withdraw"]++;
        } catch {}
    }

    /// @dev The re-entering mood tries a voucher that only it knows and its own credit.
    function shift(uint256 seed) external {
        IPayoutVault.Claim memory voucher =
            claimOf(CLAIM + 1000 + _nextVoucher++, NATIVE, address(shifting), 1 + seed % CAP);
        shifting.become(
            ShiftingPayee.Mood(seed % 5),
            address(vault),
            abi.encodeCall(vault.claim, (voucher, signVoucher(voucher))),
            abi.encodeCall(vault.withdrawCredit, (NATIVE, address(shifting)))
        );
        odd.refuse(payees[(seed >> 8) % 5], (seed >> 16) % 2 == 0);
    }

    function fund(uint256 seed, uint256 amount) external {
        amount = amount % 1000 ether;
        address asset = assetOf(seed);
        books[asset].funded += amount;
        if (asset != NATIVE) return odd.mint(address(vault), amount);
        vm.deal(STRANGER, amount);
        vm.prank(STRANGER);
        payable(address(vault)).call{value: amount}("");
    }

    function sweep(uint256 seed, uint256 amount) external {
        address asset = assetOf(seed);
        amount = amount % 50_000 ether;
        vm.prank(OWNER);
        try vault.sweep(asset, payee_(77), amount) {
            books[asset].swept += amount;
            succeeded["sweep"]++;
        } catch {}
    }

    function govern(uint256 seed) external {
        uint96 capacity = uint96(1 + (seed >> 8) % (2 * CAPACITY));
        uint96 refill = uint96((seed >> 120) % 2 ether);
        vm.startPrank(OWNER);
        count();
        if (seed % 4 == 0) vault.setLimits(assetOf(seed >> 4), limitsOf(capacity, refill, CAP, 2, 10_000 ether, 3));
        if (seed % 4 == 1) try vault.applyLimits(assetOf(seed >> 4)) {} catch {}
        if (seed % 4 == 2) vault.pause();
        if (seed % 4 == 3) vault.resume();
        vm.stopPrank();
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 12 hours);
        count();
    }

    // ------------------------------------------------------------ books

    function assetOf(uint256 seed) private view returns (address) {
        return seed % 2 == 0 ? NATIVE : address(odd);
    }

    function consumed(uint256 number) private {
        timesConsumed[number]++;
        if (timesConsumed[number] > 1) consumedTwice = true;
    }

    function promised(address asset, uint256 amount, bool byOperator) private {
        books[asset].promised += amount;
        if (byOperator) books[asset].byOperator += amount;
    }

    /// @dev Adds what the buckets regained since the last look, at the rate that held until now.
    function count() private {
        uint256 elapsed = block.timestamp - _countedAt;
        _countedAt = block.timestamp;
        books[NATIVE].allowance += elapsed * vault.limits(NATIVE).bucketRefill;
        books[address(odd)].allowance += elapsed * vault.limits(address(odd)).bucketRefill;
    }
}

contract InvariantsTest is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;

    function setUp() public override {
        handler = new Handler();
        handler.start();
        vault = handler.theVault();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[10] memory all = [
            Handler.batch.selector,
            Handler.approved.selector,
            Handler.claim.selector,
            Handler.close.selector,
            Handler.withdraw.selector,
            Handler.shift.selector,
            Handler.fund.selector,
            Handler.sweep.selector,
            Handler.govern.selector,
            Handler.wait_.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), new bytes4[](10));
        for (uint256 i = 0; i < 10; i++) {
            targets[0].selectors[i] = all[i];
        }
    }

    function invariant_eachNumberIsConsumedAtMostOnce() public view {
        vm.assertFalse(handler.consumedTwice(), "twice");
    }

    function invariant_theOperatorAloneNeverExceedsTheBucket() public view {
        checkBucket(NATIVE);
        checkBucket(address(handler.odd()));
    }

    function checkBucket(address asset) private view {
        (, uint256 byOperator, uint256 allowance,,) = handler.books(asset);
        vm.assertTrue(byOperator <= allowance, "bucket");
    }

    function invariant_everythingIsAccountedFor() public view {
        checkBooks(NATIVE, address(vault).balance);
        checkBooks(address(handler.odd()), handler.odd().balanceOf(address(vault)));
    }

    /// @dev What was paid has left, what was credited is still there and owed; a withdrawn credit takes from both.
    function checkBooks(address asset, uint256 balance) private view {
        (uint256 promised,,, uint256 swept, uint256 funded) = handler.books(asset);
        uint256 owed = vault.totalOwed(asset);
        vm.assertTrue(balance >= owed, "what is owed is there");
        vm.assertEq(balance - owed, funded - promised - swept, "conserved");
        uint256 credits;
        for (uint256 i = 0; i < 5; i++) {
            credits += vault.creditOf(asset, handler.payees(i));
        }
        vm.assertEq(credits, owed, "owed is the sum of credits");
    }
}

/// @dev The handler is worth something only if its actions often succeed.
contract HandlerTest is Base {
    function test_theHandlersActionsSucceed() public {
        Handler handler = new Handler();
        handler.start();
        for (uint256 i = 0; i < 300; i++) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            uint256[6] memory draws;
            for (uint256 j = 0; j < 6; j++) {
                draws[j] = uint256(keccak256(abi.encode(i, j)));
            }
            if (i % 6 == 0) handler.shift(seed);
            if (i % 6 == 1) handler.batch(seed, draws);
            if (i % 6 == 2) handler.approved(seed, seed >> 128);
            if (i % 6 == 3) handler.claim(seed, seed >> 128);
            if (i % 6 == 4) handler.close(seed);
            if (i % 6 == 5) handler.withdraw(seed);
            if (i % 10 == 9) handler.sweep(seed, seed >> 128);
        }
        bytes32[6] memory actions =
            [bytes32("batch"), "approved", "claim", "close", "withdraw", "sweep"];
        for (uint256 i = 0; i < 6; i++) {
            vm.assertTrue(handler.succeeded(actions[i]) >= 3, string(abi.encodePacked(actions[i])));
        }
    }
}
