// A robot's joints in Gazebo: velocity servos with the effort limits of the model, and the poses of its links.
#ifndef JEPA_MPC_ARM_HH_
#define JEPA_MPC_ARM_HH_

#include <gazebo/physics/physics.hh>

#include <string>
#include <utility>
#include <vector>

namespace jepa_mpc
{
using LinkPoses = std::vector<std::pair<std::string, ignition::math::Pose3d>>;

/// The joints in the order of their names. It does not lock: the caller holds the physics update mutex, or is in a physics
/// update.
///
/// Positions are read from and written to the poses of the links. Gazebo integrates a joint's angle over time, with a rounding
/// error that depends on the past, so that no two runs from one pose would be the same.
class Arm
{
public:
  /// The joints are at zero at the pose where the model was loaded. Gravity no longer pulls at the model. Throws std::runtime_error if the model lacks a joint, or if
  /// one is neither revolute nor prismatic.
  Arm(gazebo::physics::ModelPtr model, const std::vector<std::string> &jointNames);

  std::size_t size() const { return this->joints_.size(); }

  /// Sets the velocity set-points [J] in rad/s.
  void follow(std::vector<double> velocities) { this->setPoints_ = std::move(velocities); }

  /// Applies the servos' efforts for one physics step.
  void actuate();

  /// Puts the joints at rest at `positions` [J], with set-points of zero.
  void teleport(const std::vector<double> &positions);

  /// In rad between -pi and pi, or in m.
  std::vector<double> positions() const;
  std::vector<double> velocities() const;
  const std::vector<double> &efforts() const { return this->efforts_; }

  /// World pose of each link, by its scoped name.
  LinkPoses linkPoses() const;

  /// The same with the joints at `positions` [J].
  LinkPoses linkPosesAt(const std::vector<double> &positions) const;

private:
  struct Joint
  {
    gazebo::physics::JointPtr handle;
    bool isPrismatic;
    std::size_t parent;
    std::size_t child;
    /// Indices of all links that move with the joint.
    std::vector<std::size_t> beyond;
    /// Anchor and axis in the parent link's frame.
    ignition::math::Vector3d anchor;
    ignition::math::Vector3d axis;
    /// Pose of the child in the parent's frame, at zero.
    ignition::math::Pose3d rest;
    /// Effort per velocity error, in Nms (prismatic joints: Ns/m).
    double gain;
  };

  Joint describe(const std::string &name) const;
  /// Inertia of the joints at their present pose [J x J], row by row: kg m^2, kg and kg m.
  std::vector<double> massMatrix() const;
  std::size_t indexOf(const gazebo::physics::LinkPtr &link) const;
  std::vector<ignition::math::Pose3d> posesAt(const std::vector<double> &positions) const;

  gazebo::physics::ModelPtr model_;
  gazebo::physics::Link_V links_;
  std::vector<ignition::math::Pose3d> loaded_;
  std::vector<Joint> joints_;
  std::vector<double> setPoints_;
  std::vector<double> efforts_;
};
}  // namespace jepa_mpc

#endif
