// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {
    GasBurningPayee,
    NeedyPayee,
    ReenteringPayee,
    RefusingPayee,
    ReturnBombingPayee,
    ThankfulPayee
} from "../mocks/Payees.sol";
import {BabblingToken, FalseToken, OddToken, ReenteringToken, SilentToken} from "../mocks/Tokens.sol";
import {Base, Vm} from "./Base.t.sol";

contract PayBatchTest is Base {
    function test_paysEveryPayeeAndConsumesEveryNumber() public {
        payBatch(NATIVE, 7, three(word(payee_(1), 1), word(payee_(2), 2 ether), word(payee_(1), 3)));
        vm.assertEq(payee_(1).balance, 4, "first payee, paid twice");
        vm.assertEq(payee_(2).balance, 2 ether, "second payee");
        for (uint256 number = 6; number <= 10; number++) {
            vm.assertTrue(vault.isConsumed(number) == (number >= 7 && number <= 9), "consumed");
        }
        vm.assertEq(vault.consumedWord(0), 7 << 7, "word");
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY - 2 ether - 4, "bucket");
    }

    /// @dev Any size, any place, also across words: exactly these numbers and no others.
    function testFuzz_consumesExactlyTheRange(uint256 first, uint256 count) public {
        first = first % (1 << 59);
        count = 1 + count % 600;
        payBatch(NATIVE, first, new uint256[](count));
        vm.assertTrue(first == 0 || !vault.isConsumed(first - 1), "before");
        vm.assertFalse(vault.isConsumed(first + count), "after");
        uint256 bits;
        for (uint256 index = first >> 8; index <= (first + count) >> 8; index++) {
            for (uint256 left = vault.consumedWord(index); left != 0; left &= left - 1) {
                bits++;
            }
        }
        vm.assertEq(bits, count, "bits");
        vm.assertTrue(vault.isConsumed(first) && vault.isConsumed(first + count - 1), "ends");
    }

    function testFuzz_refusesAnyOverlap(uint256 first, uint256 count, uint256 other, uint256 otherCount) public {
        first = 1000 + first % 1000;
        count = 1 + count % 600;
        other = 1000 + other % 1000;
        otherCount = 1 + otherCount % 600;
        payBatch(NATIVE, first, new uint256[](count));
        uint256 lowest = first > other ? first : other;
        uint256 end = first + count < other + otherCount ? first + count : other + otherCount;
        if (lowest < end) {
            vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, lowest));
        }
        payBatch(NATIVE, other, new uint256[](otherCount));
    }

    function test_aZeroWordClosesItsNumber() public {
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.BatchPaid(NATIVE, 1, 3, 5, 0);
        payBatch(NATIVE, 1, three(0, word(payee_(1), 5), 0));
        vm.assertTrue(vault.isConsumed(1) && vault.isConsumed(2) && vault.isConsumed(3), "consumed");
    }

    function test_zeroWordsNeedNeitherBalanceNorLimits() public {
        vm.deal(address(vault), 0);
        payBatch(NATIVE, 1, new uint256[](2));
        payBatch(address(new SilentToken()), 3, new uint256[](2));
        vm.assertTrue(vault.isConsumed(4), "consumed");
    }

    function test_emitsOneEventWhateverTheSize() public {
        uint256[] memory entries = new uint256[](300);
        for (uint256 i = 0; i < 300; i++) {
            entries[i] = word(payee_(i), 1 ether);
        }
        vm.recordLogs();
        payBatch(NATIVE, 1, entries);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1, "events");
        vm.assertEq(uint256(logs[0].topics[0]), uint256(IPayoutVault.BatchPaid.selector), "BatchPaid");
    }

    /// @dev Zero words make not even a transfer of nothing: some tokens would log one, as if the vault burned them.
    function test_aZeroWordCallsNoToken() public {
        ReenteringToken watching = new ReenteringToken();
        enable(address(watching));
        watching.mint(address(vault), 100);
        watching.arm(address(token), abi.encodeCall(token.totalSupply, ()));
        uint256[] memory entries = new uint256[](9);
        entries[6] = word(payee_(1), 5);
        payBatch(address(watching), 1, entries);
        vm.assertEq(watching.successes(), 1, "transfers");
        vm.assertEq(watching.balanceOf(payee_(1)), 5, "paid");
    }

    /// @dev Whatever an entry is and wherever it stands, the others are paid as if it were not there.
    function testFuzz_eachEntryIsItsOwnAffair(uint256 seed, uint256 size) public {
        OddToken[2] memory tokens = [OddToken(new FalseToken()), OddToken(new SilentToken())];
        address refusing = address(new RefusingPayee());
        for (uint256 i = 0; i < 2; i++) {
            enable(address(tokens[i]));
            tokens[i].mint(address(vault), FUNDS);
            tokens[i].refuse(refusing, true);
        }
        uint256[] memory entries = new uint256[](1 + size % 14);
        uint256 refused;
        uint256 total;
        for (uint256 i = 0; i < entries.length; i++) {
            uint256 draw = (seed >> (i * 16)) & 0xffff;
            if (draw % 4 == 0) continue;
            entries[i] = word(draw % 4 == 1 ? refusing : payee_(i), 1 + draw);
            total += 1 + draw;
            if (draw % 4 == 1) refused += 1 + draw;
        }
        address[3] memory assets = [NATIVE, address(tokens[0]), address(tokens[1])];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectEmit(true, true, true, true, address(vault));
            emit IPayoutVault.BatchPaid(assets[i], 1 + 100 * i, entries.length, total - refused, refused);
            payBatch(assets[i], 1 + 100 * i, entries);
            vm.assertEq(vault.creditOf(assets[i], refusing), refused, "credit");
            vm.assertEq(vault.bucketAvailable(assets[i]), CAPACITY - total, "bucket");
            for (uint256 j = 0; j < entries.length; j++) {
                uint256 wanted = address(uint160(entries[j] >> 96)) == payee_(j) ? entries[j] & type(uint96).max : 0;
                vm.assertEq(
                    i == 0 ? payee_(j).balance : OddToken(assets[i]).balanceOf(payee_(j)), wanted, "paid"
                );
            }
        }
    }

    /// @dev A batch that says how many entries it has is not believed to have more.
    function test_wordsBehindTheEntriesAreNotPaid() public {
        for (uint256 count = 1; count < 6; count++) {
            uint256[] memory entries = new uint256[](count);
            for (uint256 i = 0; i < count; i++) {
                entries[i] = word(payee_(i), 1);
            }
            bytes memory tail = abi.encode(word(payee_(98), 1), word(payee_(99), 1), word(payee_(97), 1));
            for (uint256 i = 0; i < 2; i++) {
                vm.prank(operator);
                (bool ok,) = address(vault).call(
                    bytes.concat(
                        abi.encodeCall(vault.payBatch, (i == 0 ? NATIVE : address(token), 10 * count + 100 * i, entries)),
                        tail
                    )
                );
                vm.assertTrue(ok, "called");
            }
            vm.assertEq(address(vault).balance, FUNDS - count * (count + 1) / 2, "coins");
            vm.assertEq(token.balanceOf(address(vault)), FUNDS - count * (count + 1) / 2, "tokens");
        }
    }

    // ------------------------------------------------------------ refusals

    function test_refusesStrangersAndThePausedVault() public {
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotOperator.selector, STRANGER));
        vm.prank(STRANGER);
        vault.payBatch(NATIVE, 1, one(word(payee_(1), 1)));
        vm.prank(GUARDIAN);
        vault.pause();
        expectBatchRevert(abi.encodeWithSelector(IPayoutVault.VaultPaused.selector), 1, one(word(payee_(1), 1)));
    }

    function test_refusesAnEmptyBatch() public {
        expectBatchRevert(abi.encodeWithSelector(IPayoutVault.EmptyBatch.selector), 1, new uint256[](0));
    }

    function testFuzz_refusesOtherSeries(uint256 first) public {
        vm.assume(first >= 1 << 60);
        expectBatchRevert(abi.encodeWithSelector(IPayoutVault.WrongSeries.selector, first), first, one(0));
    }

    function test_refusesToRunOutOfTheSeries() public {
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.WrongSeries.selector, 1 << 60), (1 << 60) - 1, new uint256[](2)
        );
        payBatch(NATIVE, (1 << 60) - 1, one(0));
    }

    function test_refusesInvalidEntriesAndPaysNothing() public {
        uint256 good = word(payee_(1), 1);
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.ZeroAddress.selector), 1, three(good, 0, word(address(0), 1))
        );
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.ZeroAmount.selector), 1, three(good, 0, word(payee_(2), 0))
        );
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector), 1, three(good, 0, word(address(vault), 1))
        );
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, 3, CAP, CAP),
            1,
            three(good, 0, word(payee_(2), CAP))
        );
        vm.assertEq(payee_(1).balance, 0, "nothing paid");
        vm.assertFalse(vault.isConsumed(1), "nothing consumed");
        payBatch(NATIVE, 1, three(good, 0, word(payee_(2), CAP - 1)));
    }

    function testFuzz_refusesAnInvalidEntryWhereverItStands(uint256 size, uint256 place, uint256 kind) public {
        uint256[] memory entries = new uint256[](1 + size % 14);
        for (uint256 i = 0; i < entries.length; i++) {
            entries[i] = word(payee_(i), 1 + i);
        }
        place = place % entries.length;
        uint256[5] memory invalid = [
            word(address(0), 1),
            word(payee_(1), 0),
            word(payee_(1), type(uint96).max),
            word(payee_(1), CAP),
            word(address(vault), 1)
        ];
        bytes[5] memory reasons = [
            abi.encodeWithSelector(IPayoutVault.ZeroAddress.selector),
            abi.encodeWithSelector(IPayoutVault.ZeroAmount.selector),
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, 1 + place, type(uint96).max, CAP),
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, 1 + place, CAP, CAP),
            abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector)
        ];
        entries[place] = invalid[kind % 5];
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(reasons[kind % 5]);
            payBatch(i == 0 ? NATIVE : address(token), 1, entries);
        }
    }

    function test_refusesAnAssetWithoutLimits() public {
        SilentToken unknown = new SilentToken();
        unknown.mint(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, 1, 1, 0));
        payBatch(address(unknown), 1, one(word(payee_(1), 1)));
    }

    function test_refusesAnyAmountAtOrAboveTheSmallestCaps() public {
        for (uint256 i = 0; i < 3; i++) {
            uint96 cap = uint96(2 - i);
            vm.prank(OWNER);
            vault.setLimits(NATIVE, limitsOf(CAPACITY, 0, cap, 2, 10_000 ether, 3));
            for (uint256 amount = 1; amount < 4; amount++) {
                uint256 number = 10 * cap + amount;
                if (amount >= cap) {
                    vm.expectRevert(
                        abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, number, amount, cap)
                    );
                }
                payBatch(NATIVE, number, one(word(payee_(1), amount)));
            }
        }
        vm.assertEq(payee_(1).balance, 1, "paid");
    }

    function test_refusesMoreThanTheBucketHolds() public {
        uint256[] memory entries = new uint256[](501);
        for (uint256 i = 0; i < 501; i++) {
            entries[i] = word(payee_(i), 99.9 ether);
        }
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.BucketExhausted.selector, NATIVE, 501 * 99.9 ether, CAPACITY),
            1,
            entries
        );
        vm.assertEq(payee_(0).balance, 0, "nothing paid");
        entries[0] = 0;
        payBatch(NATIVE, 1, entries);
        uint256 left = CAPACITY - 500 * 99.9 ether;
        vm.assertEq(vault.bucketAvailable(NATIVE), left, "left");
        vm.warp(block.timestamp + 7);
        vm.assertEq(vault.bucketAvailable(NATIVE), left + 7 ether, "refilled");
        vm.warp(block.timestamp + 365 days);
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "full, and no more");
        vm.assertEq(vault.bucketAvailable(address(token)), CAPACITY, "another asset's bucket");
    }

    function test_refusesToTouchWhatIsOwed() public {
        creditedPayee(1, 10 ether);
        vm.deal(address(vault), 11 ether);
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.InsufficientVaultBalance.selector, NATIVE, 2 ether, 1 ether),
            2,
            one(word(payee_(1), 2 ether))
        );
        vm.deal(address(vault), 9 ether);
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.InsufficientVaultBalance.selector, NATIVE, 1, 0),
            2,
            one(word(payee_(1), 1))
        );
    }

    // ------------------------------------------------------------ payees that do not behave

    function test_aBadPayeeHurtsNobodyElse() public {
        address[5] memory bad = [
            address(new RefusingPayee()),
            address(new GasBurningPayee()),
            address(new ReturnBombingPayee()),
            address(token),
            address(new RefusingPayee())
        ];
        uint256[] memory entries = new uint256[](11);
        for (uint256 i = 0; i < 11; i++) {
            entries[i] = i % 2 == 1 ? word(bad[i / 2], 1 ether + i) : word(payee_(i), 2 ether);
        }
        for (uint256 i = 0; i < 5; i++) {
            vm.expectEmit(true, true, true, true, address(vault));
            emit IPayoutVault.PayoutCredited(NATIVE, 1 + 2 * i + 1, bad[i], 1 ether + 2 * i + 1);
        }
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.BatchPaid(NATIVE, 1, 11, 12 ether, 5 ether + 25);
        uint256 gasBefore = gasleft();
        payBatch(NATIVE, 1, entries);
        // Two of the five burn what they get; nobody burns more than that.
        vm.assertTrue(gasBefore - gasleft() < 900_000, "the sender's gas");
        for (uint256 i = 0; i < 11; i += 2) {
            vm.assertEq(payee_(i).balance, 2 ether, "good payee");
        }
        for (uint256 i = 0; i < 5; i++) {
            vm.assertEq(vault.creditOf(NATIVE, bad[i]), 1 ether + 2 * i + 1, "credit");
        }
        vm.assertEq(vault.totalOwed(NATIVE), 5 ether + 25, "owed");
        vm.assertEq(address(vault).balance, FUNDS - 12 ether, "balance");
    }

    function test_aPayeeThatReturnsALotIsPaid() public {
        ThankfulPayee thankful = new ThankfulPayee();
        payBatch(NATIVE, 1, two(word(address(thankful), 1 ether), word(payee_(1), 1)));
        vm.assertEq(address(thankful).balance, 1 ether, "paid");
    }

    /// @dev The operator itself as the payee is the worst case: every door would open for it but for the guard.
    function test_aPayeeThatCallsBackInAchievesNothing() public {
        ReenteringPayee payee = new ReenteringPayee();
        vm.prank(OWNER);
        vault.setOperator(address(payee));
        uint256[] memory numbers = one(50);
        bytes[3] memory calls = [
            abi.encodeCall(vault.payBatch, (NATIVE, 50, one(word(address(payee), 1 ether)))),
            abi.encodeCall(vault.closeNumbers, (numbers)),
            abi.encodeCall(vault.withdrawCredit, (NATIVE, address(payee)))
        ];
        for (uint256 i = 0; i < 3; i++) {
            payee.arm(address(vault), calls[i]);
            payee.call(
                address(vault), abi.encodeCall(vault.payBatch, (NATIVE, 1 + i, one(word(address(payee), 2 ether))))
            );
            vm.assertEq(payee.attempts(), i + 1, "tried");
            vm.assertEq(payee.successes(), 0, "achieved");
            vm.assertEq(address(payee).balance, (i + 1) * 2 ether, "paid once");
        }
        vm.assertFalse(vault.isConsumed(50), "nothing consumed inside");
    }

    /// @dev Whatever gas the sender gives: all is paid as it should be, or nothing happens at all.
    function testFuzz_tooLittleGasIsNeverACredit(uint256 gasLimit) public {
        ReenteringPayee writer = new ReenteringPayee();
        writer.arm(address(token), abi.encodeCall(token.totalSupply, ()));
        uint256[] memory entries = three(word(payee_(1), 1), word(address(writer), 1), word(payee_(2), 1));
        gasLimit = 40_000 + gasLimit % 360_000;
        vm.prank(operator);
        (bool ok,) = address(vault).call{gas: gasLimit}(abi.encodeCall(vault.payBatch, (NATIVE, 1, entries)));
        vm.assertEq(vault.totalOwed(NATIVE), 0, "credits");
        vm.assertEq(address(writer).balance, ok ? 1 : 0, "all or nothing");
        vm.assertTrue(vault.isConsumed(1) == ok, "all or nothing");
    }

    function test_aStarvedPayeeIsNamedAsSuch() public {
        GasBurningPayee burner = new GasBurningPayee();
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotEnoughGas.selector));
        vm.prank(operator);
        vault.payBatch{gas: 120_000}(NATIVE, 1, one(word(address(burner), 1)));
    }

    /// @dev More and more gas: the payee is not called, then starved, then paid, and never credited.
    function test_aPayeeThatIsGivenTooLittleIsNoCredit() public {
        NeedyPayee needy = new NeedyPayee();
        bytes memory call_ = abi.encodeCall(vault.payBatch, (NATIVE, 1, one(word(address(needy), 1))));
        uint256 starved;
        bool paid = false;
        for (uint256 gasLimit = 60_000; !paid; gasLimit += 4_000) {
            vm.prank(operator);
            bytes memory answer;
            (paid, answer) = address(vault).call{gas: gasLimit}(call_);
            if (bytes4(answer) == IPayoutVault.NotEnoughGas.selector) starved++;
        }
        vm.assertTrue(starved > 0, "starved");
        vm.assertEq(vault.totalOwed(NATIVE), 0, "credits");
        vm.assertEq(address(needy).balance, 1, "paid");
    }

    // ------------------------------------------------------------ tokens

    function test_paysTokens() public {
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.BatchPaid(address(token), 1, 3, 7, 0);
        payBatch(address(token), 1, three(word(payee_(1), 3), 0, word(payee_(2), 4)));
        vm.assertEq(token.balanceOf(payee_(1)), 3, "first");
        vm.assertEq(token.balanceOf(payee_(2)), 4, "second");
        vm.assertEq(token.balanceOf(address(vault)), FUNDS - 7, "vault");
        vm.assertEq(vault.bucketAvailable(address(token)), CAPACITY - 7, "bucket");
    }

    function test_tokensThatAnswerNothingOrFalse() public {
        OddToken[2] memory tokens = [OddToken(new SilentToken()), OddToken(new FalseToken())];
        for (uint256 i = 0; i < 2; i++) {
            address asset = address(tokens[i]);
            enable(asset);
            tokens[i].mint(address(vault), 100);
            tokens[i].refuse(payee_(2), true);
            payBatch(asset, 1 + 10 * i, three(word(payee_(1), 3), word(payee_(2), 4), word(payee_(3), 5)));
            vm.assertEq(tokens[i].balanceOf(payee_(1)) + tokens[i].balanceOf(payee_(3)), 8, "paid");
            vm.assertEq(vault.creditOf(asset, payee_(2)), 4, "credit");
            vm.assertEq(vault.totalOwed(asset), 4, "owed");
            tokens[i].refuse(payee_(2), false);
            vm.prank(payee_(2));
            vault.withdrawCredit(asset, payee_(2));
            vm.assertEq(tokens[i].balanceOf(payee_(2)), 4, "withdrawn");
        }
    }

    function testFuzz_onlyNothingOrTrueCountsAsPaid(uint256 answer, uint256 size) public {
        BabblingToken odd = new BabblingToken();
        enable(address(odd));
        odd.mint(address(vault), 100);
        odd.refuse(payee_(1), true);
        size = 1 + size % 64;
        vm.assume(size < 32 || answer != 1);
        odd.babble(answer, size);
        payBatch(address(odd), 1, two(word(payee_(1), 3), word(payee_(2), 4)));
        vm.assertEq(vault.creditOf(address(odd), payee_(1)), 3, "credit");
        vm.assertEq(odd.balanceOf(payee_(2)), 4, "the other is paid");
    }

    /// @dev A short answer overwrites only a part of the word that the transfer before it answered.
    function test_aShortAnswerDoesNotPassForTheOneBefore() public {
        BabblingToken odd = new BabblingToken();
        enable(address(odd));
        odd.mint(address(vault), 100);
        odd.refuse(payee_(1), true);
        odd.babble(0, 31);
        payBatch(address(odd), 1, two(word(payee_(2), 4), word(payee_(1), 3)));
        vm.assertEq(vault.creditOf(address(odd), payee_(1)), 3, "credit");
    }

    function test_refusesTheVaultAsPayeeOfTokens() public {
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector));
        payBatch(address(token), 1, two(word(payee_(1), 1), word(address(vault), 1)));
        vm.assertFalse(vault.isConsumed(1), "nothing consumed");
    }

    function test_aTokenWithoutCodeIsNone() public {
        enable(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotAToken.selector, STRANGER));
        payBatch(STRANGER, 1, one(word(payee_(1), 1)));
    }

    function test_aTokenThatCallsBackInAchievesNothing() public {
        ReenteringToken odd = new ReenteringToken();
        enable(address(odd));
        odd.mint(address(vault), 100);
        vm.prank(OWNER);
        vault.setOperator(address(odd));
        odd.arm(address(vault), abi.encodeCall(vault.payBatch, (NATIVE, 50, one(word(address(odd), 1)))));
        vm.prank(address(odd));
        vault.payBatch(address(odd), 1, one(word(payee_(1), 3)));
        vm.assertEq(odd.successes(), 0, "achieved");
        vm.assertEq(odd.balanceOf(payee_(1)), 3, "paid once");
    }

    function test_tokenStarvedOfGasIsNamedAsSuch() public {
        SilentToken odd = new SilentToken();
        enable(address(odd));
        odd.mint(address(vault), 100);
        odd.refuse(payee_(1), true);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotEnoughGas.selector));
        vm.prank(operator);
        vault.payBatch{gas: 300_000}(address(odd), 1, one(word(payee_(1), 1)));
    }
}
