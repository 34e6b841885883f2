package throng;

import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.execution.ColumnarRule;
import org.apache.spark.sql.execution.ExpandExec;
import org.apache.spark.sql.execution.FilterExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.joins.BroadcastHashJoinExec;
import org.apache.spark.sql.execution.joins.BroadcastNestedLoopJoinExec;
import org.apache.spark.sql.execution.joins.CartesianProductExec;
import org.apache.spark.sql.execution.joins.ShuffledHashJoinExec;
import org.apache.spark.sql.execution.joins.SortMergeJoinExec;
import org.apache.spark.sql.execution.window.WindowExec;
import org.apache.spark.sql.types.DataTypes;
import scala.Option;
import scala.Some;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;

/**
 * Lets a statement that has been cancelled end. The code that Spark makes for a join runs until the
 * last pair of rows, and asks nobody on its way: a cross join would keep a core long after its time is
 * over. So each pair of rows asks here, as do the rows of windows and of grouping sets.
 */
public class ReaderInterrupts extends ColumnarRule {

    /** True; or the end of a task that has been cancelled. Called by the code that Spark makes. */
    public static boolean mayGoOn() {
        TaskContext task = TaskContext.get();
        if (task != null) {
            task.killTaskIfInterrupted();
        }
        return true;
    }

    /** Put this into the plans of every session that is opened from now on. */
    public static void install(org.apache.spark.sql.classic.SparkSession root) {
        root.extensions().injectColumnar(new AbstractFunction1() {
            public Object apply(Object session) {
                return new ReaderInterrupts();
            }
        });
    }

    public Rule preColumnarTransitions() {
        return new Asking();
    }

    /** A plan in which rows ask. */
    public static class Asking extends Rule {

        public TreeNode apply(TreeNode plan) {
            return plan.transformUp(new AbstractPartialFunction() {
                public boolean isDefinedAt(Object node) {
                    return node instanceof SparkPlan && asking((SparkPlan) node) != node;
                }

                public Object applyOrElse(Object node, scala.Function1 otherwise) {
                    return node instanceof SparkPlan
                        ? asking((SparkPlan) node)
                        : otherwise.apply(node);
                }
            });
        }

        private static SparkPlan asking(SparkPlan node) {
            SparkPlan made = node;
            if (node instanceof BroadcastNestedLoopJoinExec) {
                BroadcastNestedLoopJoinExec join = (BroadcastNestedLoopJoinExec) node;
                made = new BroadcastNestedLoopJoinExec(
                    join.left(), join.right(), join.buildSide(), join.joinType(),
                    and(join.condition()));
            } else if (node instanceof CartesianProductExec) {
                CartesianProductExec join = (CartesianProductExec) node;
                made = new CartesianProductExec(join.left(), join.right(), and(join.condition()));
            } else if (node instanceof BroadcastHashJoinExec
                && !((BroadcastHashJoinExec) node).isNullAwareAntiJoin()) {
                BroadcastHashJoinExec join = (BroadcastHashJoinExec) node;
                made = new BroadcastHashJoinExec(
                    join.leftKeys(), join.rightKeys(), join.joinType(), join.buildSide(),
                    and(join.condition()), join.left(), join.right(), false,
                    ((Boolean) join.productElement(8)).booleanValue());
            } else if (node instanceof SortMergeJoinExec) {
                SortMergeJoinExec join = (SortMergeJoinExec) node;
                made = new SortMergeJoinExec(
                    join.leftKeys(), join.rightKeys(), join.joinType(), and(join.condition()),
                    join.left(), join.right(), join.isSkewJoin());
            } else if (node instanceof ShuffledHashJoinExec) {
                ShuffledHashJoinExec join = (ShuffledHashJoinExec) node;
                made = new ShuffledHashJoinExec(
                    join.leftKeys(), join.rightKeys(), join.joinType(), join.buildSide(),
                    and(join.condition()), join.left(), join.right(), join.isSkewJoin());
            } else if (node instanceof WindowExec || node instanceof ExpandExec) {
                return new FilterExec(ask(), node);
            }
            if (made != node) {
                made.copyTagsFrom(node);
            }
            return made;
        }

        private static Option and(Option condition) {
            return condition.isEmpty()
                ? new Some(ask())
                : new Some(new And(ask(), (Expression) condition.get()));
        }

        private static Expression ask() {
            Seq nothing = scala.jdk.javaapi.CollectionConverters
                .asScala(java.util.Collections.emptyList()).toSeq();
            return new StaticInvoke(
                ReaderInterrupts.class, DataTypes.BooleanType, "mayGoOn", nothing, nothing,
                false, false, false, scala.Option.empty());
        }
    }
}
